import type { Facts as KnownFacts } from '../../api/gen/Facts';
import type { ServerView } from '../../api/gen/ServerView';
import { RelativeTime } from '../../components/RelativeTime';
import { duration } from '../../format/units';
import { address, isFresh, wayTo } from '../servers';
import classes from './Server.module.css';

interface FactsProps {
  view: ServerView;
  facts: KnownFacts | null;
}

/** A smaller difference cannot be told from the time that the question took. */
const NOTABLE_SKEW = 3;

function isOff(skew: number | null): skew is number {
  return skew !== null && Math.abs(skew) >= NOTABLE_SKEW;
}

/** Where the server is, what it is, and when it was and will be visited. */
export function Facts({ view: { server, state, summary, lastSeen, nextVisit }, facts }: FactsProps) {
  const words = facts
    ? [facts.hostname, facts.os, facts.kernel, facts.architecture, facts.cpuModel].filter((word) => word !== null)
    : [];
  const skew = facts?.clockSkew ?? null;
  const labels = [server.environment, ...server.tags].filter((word) => word !== null);
  return (
    <>
      <p className={classes.facts}>
        <span>{[address(server.target), wayTo(server.target)].filter((word) => word !== '').join(' ')}</span>
        {words.map((word, index) => (
          <span key={index}>{word}</span>
        ))}
        {isOff(skew) && (
          <span>
            Clock {duration(Math.abs(skew))} {skew > 0 ? 'ahead' : 'behind'}
          </span>
        )}
        {labels.map((word, index) => (
          <span key={index} className={classes.tag}>
            {word}
          </span>
        ))}
      </p>
      <p className={classes.facts}>
        {isFresh(state) && typeof summary?.uptime === 'number' && <span>Up {duration(summary.uptime)}</span>}
        <span>Every {duration(server.interval)}</span>
        <span>
          {lastSeen === null ? (
            'Never seen'
          ) : (
            <>
              Last seen <RelativeTime at={lastSeen} />
            </>
          )}
        </span>
        <span>
          {nextVisit === null ? (
            'No visit planned'
          ) : (
            <>
              Next visit <RelativeTime at={nextVisit} coming />
            </>
          )}
        </span>
      </p>
    </>
  );
}
