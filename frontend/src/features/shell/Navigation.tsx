import { Activity, AlertTriangle, FileText, ListOrdered, type LucideIcon, Server, Settings } from 'lucide-react';
import { useId } from 'react';

import { plural } from '../../format/words';
import { useModel } from '../../state/hooks';
import { href, type Route } from '../../state/route';
import classes from './Navigation.module.css';

interface EntryProps {
  to: Exclude<Route['screen'], 'server'>;
  word: string;
  icon: LucideIcon;
  current: boolean;
  count?: number;
  /** What the count counts. */
  meaning?: string;
  urgent?: boolean;
}

function Entry({ to, word, icon: Icon, current, count, meaning, urgent = false }: EntryProps) {
  const id = useId();
  return (
    <li className={classes.item}>
      <a
        href={href({ screen: to })}
        className={classes.entry}
        aria-current={current ? 'page' : undefined}
        aria-describedby={meaning === undefined ? undefined : id}
        title={word}
      >
        <Icon size={17} aria-hidden className={classes.icon} />
        <span className={classes.word}>{word}</span>
      </a>
      {count !== undefined && count > 0 && (
        <span className={classes.count} data-urgent={urgent} aria-hidden>
          {count}
        </span>
      )}
      {meaning !== undefined && (
        <span id={id} hidden>
          {meaning}
        </span>
      )}
    </li>
  );
}

export function Navigation({ route }: { route: Route }) {
  const servers = useModel((model) => model.servers.length);
  const alerts = useModel((model) => model.alerts.length);
  const { active, waiting, delayed } = useModel((model) => model.queue.counts);
  const running = active + waiting + delayed;
  return (
    <nav className={classes.nav} aria-label="Main">
      <p className={classes.brand}>
        <span className={classes.mark} aria-hidden />
        <span className={classes.word}>Hostrounds</span>
      </p>
      <ul className={classes.list}>
        <Entry
          to="overview"
          word="Overview"
          icon={Server}
          current={route.screen === 'overview' || route.screen === 'server'}
          count={servers}
          meaning={plural(servers, 'server')}
        />
        <Entry
          to="alerts"
          word="Alerts"
          icon={AlertTriangle}
          current={route.screen === 'alerts'}
          count={alerts}
          meaning={plural(alerts, 'alert firing', 'alerts firing')}
          urgent
        />
        <Entry
          to="queue"
          word="Queue"
          icon={ListOrdered}
          current={route.screen === 'queue'}
          count={running}
          meaning={`${plural(running, 'collection')} waiting, active or delayed`}
        />
        <Entry to="activity" word="Activity" icon={Activity} current={route.screen === 'activity'} />
        <Entry to="reports" word="Reports" icon={FileText} current={route.screen === 'reports'} />
        <Entry to="settings" word="Settings" icon={Settings} current={route.screen === 'settings'} />
      </ul>
    </nav>
  );
}
