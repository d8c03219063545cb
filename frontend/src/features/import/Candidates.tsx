import { Checkbox } from '@mantine/core';

import type { ImportCandidate } from '../../api/gen/ImportCandidate';
import type { Login } from '../../api/gen/Login';
import { type Column, DataTable } from '../../components/DataTable';
import { loginWord } from '../../format/words';
import { address, wayTo } from '../servers';
import classes from './Import.module.css';

/** Which key, certificate and agent a way to log in names. */
function placesOf(login: Login): string[] {
  switch (login.method) {
    case 'key':
      return [login.path, login.certificate].filter((place) => place !== null);
    case 'agent':
      return [login.key, login.socket && `at ${login.socket}`].filter((place) => place !== null);
    case 'password':
    case 'prompts':
      return [];
  }
}

interface CandidatesProps {
  candidates: readonly ImportCandidate[];
  chosen: readonly string[];
  onChoose: (chosen: string[]) => void;
}

/** What would be added, each with a box to tick; what is there already cannot be ticked. */
export function Candidates({ candidates, chosen, onChoose }: CandidatesProps) {
  const columns: Column<ImportCandidate>[] = [
    {
      title: 'Name',
      cell: ({ alias, exists }) => (
        <Checkbox
          size="xs"
          label={alias}
          description={exists ? 'Exists already' : undefined}
          disabled={exists}
          checked={chosen.includes(alias)}
          onChange={({ currentTarget: { checked } }) => {
            onChoose(checked ? [...chosen, alias] : chosen.filter((one) => one !== alias));
          }}
        />
      ),
    },
    {
      title: 'Where',
      wide: true,
      cell: ({ draft: { target } }) => (
        <>
          {address(target)}
          {wayTo(target) !== '' && <div className={classes.place}>{wayTo(target)}</div>}
        </>
      ),
    },
    {
      title: 'Logs in with',
      cell: ({ draft: { target } }) =>
        target.kind === 'ssh' &&
        target.logins.map((login, index) => (
          <div key={index}>
            {loginWord[login.method]}
            {placesOf(login).map((place) => (
              <div key={place} className={classes.place}>
                {place}
              </div>
            ))}
          </div>
        )),
    },
    { title: 'To know', wide: true, cell: ({ notes }) => notes.map((note) => <div key={note}>{note}</div>) },
  ];
  return (
    <DataTable label="Servers in the configuration" columns={columns} rows={candidates} keyOf={({ alias }) => alias} />
  );
}
