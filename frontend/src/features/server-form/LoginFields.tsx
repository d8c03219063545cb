import { SegmentedControl, TextInput } from '@mantine/core';

import { Disclosure } from '../../components/Disclosure';
import { loginWord } from '../../format/words';
import type { FieldsProps } from './ConnectionFields';
import { SecretField } from './SecretField';
import classes from './ServerForm.module.css';
import { type LoginValues, type Method, newLogin } from './values';

const methods: Method[] = ['agent', 'key', 'password', 'prompts'];

const help: Record<Method, string> = {
  agent: 'Uses the keys that the SSH agent of this session holds.',
  key: 'Uses a private key file of this computer.',
  password: 'The password is kept in the keyring of this computer and nowhere else.',
  prompts:
    'You answer what the server asks, such as a second factor: once per session. On its schedule it never asks; it waits for you.',
};

interface LoginFieldsProps extends FieldsProps {
  prefix: string;
  index: number;
  login: LoginValues;
  /** What the choice is called. */
  name: string;
  /** Methods that another row has, and that can be there only once. */
  taken: readonly Method[];
}

/** One way to log in. */
export function LoginFields({ form, view, first, prefix, index, login, name, taken }: LoginFieldsProps) {
  const path = `${prefix}logins.${index}`;
  const wrong = (field: string) => form.errors[`${path}.${field}`] !== undefined;
  const { method } = login;

  const choose = (chosen: Method) => {
    // What was typed for one way to log in must never be sent for another.
    form.setFieldValue(path, { ...newLogin(chosen), id: login.id });
    if (method === 'password') form.setFieldValue(`${prefix}password`, newLogin(chosen).passphrase);
    form.clearFieldError(`${prefix}password.value`);
    for (const field of ['path', 'certificate', 'key', 'socket', 'passphrase.value']) {
      form.clearFieldError(`${path}.${field}`);
    }
  };

  return (
    <div className={classes.login}>
      <div>
        <SegmentedControl
          fullWidth
          size="xs"
          role="radiogroup"
          aria-label={name}
          data={methods.map((value) => ({ value, label: loginWord[value], disabled: taken.includes(value) }))}
          value={method}
          onChange={choose}
        />
        <p className={classes.help}>{help[method]}</p>
      </div>
      {method === 'key' && (
        <>
          <TextInput
            label="Private key file"
            placeholder="~/.ssh/id_ed25519"
            spellCheck={false}
            data-autofocus={first === `${path}.path` || undefined}
            {...form.getInputProps(`${path}.path`)}
          />
          <SecretField form={form} view={view} first={first} path={`${path}.passphrase`} />
          <Disclosure label="Certificate" open={login.certificate !== ''} forced={wrong('certificate')}>
            <TextInput
              label="Certificate file (optional)"
              description="Without one, the file beside the key that ends in -cert.pub is used where it exists."
              placeholder="~/.ssh/id_ed25519-cert.pub"
              spellCheck={false}
              {...form.getInputProps(`${path}.certificate`)}
            />
          </Disclosure>
        </>
      )}
      {method === 'agent' && (
        <Disclosure
          label="Key and socket"
          open={login.key !== '' || login.socket !== ''}
          forced={wrong('key') || wrong('socket')}
        >
          <TextInput
            label="Only this key (optional)"
            description="Its fingerprint as ssh-add -l prints it, or its public key file."
            placeholder="SHA256:… or ~/.ssh/id_ed25519.pub"
            spellCheck={false}
            {...form.getInputProps(`${path}.key`)}
          />
          <TextInput
            label="Socket of the agent (optional)"
            description="Without one, the agent of this session (SSH_AUTH_SOCK)."
            placeholder="/run/user/1000/ssh-agent.socket"
            spellCheck={false}
            {...form.getInputProps(`${path}.socket`)}
          />
        </Disclosure>
      )}
      {method === 'password' && <SecretField form={form} view={view} first={first} path={`${prefix}password`} />}
    </div>
  );
}
