/** A state as an icon and a word; the colour only repeats them. */

import {
  AlertTriangle,
  Ban,
  CheckCircle2,
  CircleDashed,
  CirclePause,
  Clock,
  Hand,
  Hourglass,
  Loader,
  type LucideIcon,
  MessageCircleQuestion,
  RefreshCw,
  XCircle,
} from 'lucide-react';

import type { AlertState } from '../api/gen/AlertState';
import type { CollectionState } from '../api/gen/CollectionState';
import type { ServerState } from '../api/gen/ServerState';
import { collectionStateWord, serverStateMeaning, serverStateWord, WAITS } from '../format/words';
import classes from './StateBadge.module.css';

export type Tone = 'good' | 'warn' | 'bad' | 'quiet' | 'busy' | 'held';

interface BadgeProps {
  icon: LucideIcon;
  tone: Tone;
  word: string;
  meaning?: string;
}

export function Badge({ icon: Icon, tone, word, meaning }: BadgeProps) {
  return (
    <span className={classes.badge} data-tone={tone} title={meaning}>
      <Icon size={14} aria-hidden className={classes.icon} />
      {word}
    </span>
  );
}

const serverLook: Record<ServerState, [LucideIcon, Tone]> = {
  up: [CheckCircle2, 'good'],
  stale: [Clock, 'warn'],
  retrying: [RefreshCw, 'warn'],
  unreachable: [XCircle, 'bad'],
  notObserved: [CircleDashed, 'quiet'],
  disabled: [CirclePause, 'quiet'],
  held: [Hand, 'held'],
};

export function ServerStateBadge({ state }: { state: ServerState }) {
  const [icon, tone] = serverLook[state];
  return <Badge icon={icon} tone={tone} word={serverStateWord[state]} meaning={serverStateMeaning[state]} />;
}

/** It asks something that only a person can answer. */
export function WaitsBadge() {
  return (
    <Badge
      icon={MessageCircleQuestion}
      tone="held"
      word={WAITS}
      meaning="A login is under way and waits for your answer."
    />
  );
}

const collectionLook: Record<CollectionState, [LucideIcon, Tone]> = {
  waiting: [Hourglass, 'quiet'],
  active: [Loader, 'busy'],
  delayed: [RefreshCw, 'warn'],
  completed: [CheckCircle2, 'good'],
  failed: [XCircle, 'bad'],
  cancelled: [Ban, 'quiet'],
};

export function CollectionStateBadge({ state }: { state: CollectionState }) {
  const [icon, tone] = collectionLook[state];
  return <Badge icon={icon} tone={tone} word={collectionStateWord[state]} />;
}

export function AlertStateBadge({ state }: { state: AlertState }) {
  return state === 'firing' ? (
    <Badge icon={AlertTriangle} tone="bad" word="Firing" />
  ) : (
    <Badge icon={CheckCircle2} tone="good" word="Resolved" />
  );
}
