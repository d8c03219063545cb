import type { ServerView } from '../../../api/gen/ServerView';
import classes from './ConnectionPart.module.css';
import { FootprintPanel } from './FootprintPanel';
import { Layers } from './Layers';
import { TestHistory } from './TestHistory';
import { useTests } from './useTests';
import { Way } from './Way';

/** How the server is reached, how that went lately, and what watching it costs. */
export function ConnectionPart({ view }: { view: ServerView }) {
  const { id } = view.server;
  const tests = useTests(id);
  return (
    <>
      <Way view={view} />
      <div className={classes.halves}>
        <Layers view={view} tests={tests} />
        <TestHistory id={id} tests={tests} />
      </div>
      <FootprintPanel view={view} />
    </>
  );
}
