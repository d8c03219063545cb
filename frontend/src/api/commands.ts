/** Every command of the engine, with what goes in and what comes out. The only code that calls `invoke`. */

import { invoke } from '@tauri-apps/api/core';

import { toCommandError } from './errors';
import type { Activity } from './gen/Activity';
import type { Alert } from './gen/Alert';
import type { BackupFile } from './gen/BackupFile';
import type { BackupMade } from './gen/BackupMade';
import type { Collection } from './gen/Collection';
import type { CollectionId } from './gen/CollectionId';
import type { ConfigImported } from './gen/ConfigImported';
import type { ConfigPreview } from './gen/ConfigPreview';
import type { ConnectionTest } from './gen/ConnectionTest';
import type { Exported } from './gen/Exported';
import type { ExportRequest } from './gen/ExportRequest';
import type { FootprintReport } from './gen/FootprintReport';
import type { HistoryQuery } from './gen/HistoryQuery';
import type { ImportPreview } from './gen/ImportPreview';
import type { Latest } from './gen/Latest';
import type { MetricInfo } from './gen/MetricInfo';
import type { ReportEnd } from './gen/ReportEnd';
import type { ReportRequest } from './gen/ReportRequest';
import type { Replaced } from './gen/Replaced';
import type { RestrictKit } from './gen/RestrictKit';
import type { Retention } from './gen/Retention';
import type { RetentionPreview } from './gen/RetentionPreview';
import type { SeriesHistory } from './gen/SeriesHistory';
import type { ServerForm } from './gen/ServerForm';
import type { ServerId } from './gen/ServerId';
import type { ServerView } from './gen/ServerView';
import type { Settings } from './gen/Settings';
import type { Snapshot } from './gen/Snapshot';
import type { StorageReport } from './gen/StorageReport';
import type { TestReport } from './gen/TestReport';

/** A command without arguments. */
type Nothing = Record<string, never>;

/** A server, and the days that its history is to be kept; null for those of the settings. */
export type KeepException = [ServerId, number | null];

/** Name of a command -> its arguments and its answer. */
export interface CommandMap {
  snapshot: { args: Nothing; answer: Snapshot };
  latest: { args: { id: ServerId }; answer: Latest | null };
  add_server: { args: { form: ServerForm }; answer: ServerView };
  update_server: { args: { id: ServerId; form: ServerForm }; answer: ServerView };
  remove_server: { args: { id: ServerId }; answer: null };
  set_enabled: { args: { id: ServerId; enabled: boolean }; answer: ServerView };
  test_server: { args: { test: string; form: ServerForm; id: ServerId | null }; answer: TestReport };
  connection_tests: { args: { id: ServerId; limit: number }; answer: ConnectionTest[] };
  accept_host_key: { args: { offer: string }; answer: null };
  replace_host_key: { args: { offer: string }; answer: null };
  answer_prompt: { args: { id: string; answers: string[] | null }; answer: null };
  footprint: { args: { id: ServerId; days: number }; answer: FootprintReport };
  ssh_config: { args: Nothing; answer: ImportPreview };
  import_ssh_config: { args: { preview: string; aliases: string[] }; answer: ServerView[] };
  restrict: { args: { id: ServerId }; answer: RestrictKit };
  collect: { args: { id: ServerId }; answer: CollectionId };
  collect_all: { args: Nothing; answer: CollectionId[] };
  pause: { args: Nothing; answer: null };
  resume: { args: Nothing; answer: null };
  clean: { args: Nothing; answer: null };
  retry: { args: { id: CollectionId }; answer: CollectionId };
  collections: { args: { server: ServerId | null; limit: number }; answer: Collection[] };
  history: { args: { query: HistoryQuery }; answer: SeriesHistory[] };
  alerts: { args: { server: ServerId | null; limit: number }; answer: Alert[] };
  activity: { args: { server: ServerId | null; before: number | null; limit: number }; answer: Activity[] };
  metrics: { args: Nothing; answer: MetricInfo[] };
  save_report: { args: { id: string; request: ReportRequest }; answer: ReportEnd | null };
  set_live: { args: { id: ServerId; live: boolean }; answer: null };
  set_settings: { args: { settings: Settings }; answer: Settings };
  export: { args: { id: string; request: ExportRequest }; answer: Exported | null };
  cancel_export: { args: { id: string }; answer: null };
  back_up: { args: Nothing; answer: BackupMade | null };
  choose_backup: { args: Nothing; answer: [id: number, file: BackupFile] | null };
  restore_backup: { args: { id: number }; answer: Replaced };
  begin_anew: { args: Nothing; answer: Replaced };
  export_config: { args: Nothing; answer: string | null };
  choose_config: { args: Nothing; answer: ConfigPreview | null };
  import_config: { args: { preview: string; withHostKeys: boolean }; answer: ConfigImported };
  storage: { args: Nothing; answer: StorageReport };
  preview_retention: { args: { retention: Retention; exception: KeepException | null }; answer: RetentionPreview };
  set_keep_days: { args: { id: ServerId; days: number | null }; answer: null };
}

async function call<Name extends keyof CommandMap>(
  name: Name,
  args: CommandMap[Name]['args'],
): Promise<CommandMap[Name]['answer']> {
  try {
    return await invoke<CommandMap[Name]['answer']>(name, args);
  } catch (cause) {
    throw toCommandError(cause);
  }
}

/** Which part of the activity log is wanted. */
export interface ActivityPage {
  /** Only what concerns this server. */
  server: ServerId | null;
  /** Only entries older than the one with this number. */
  before: number | null;
  /** The most entries. */
  limit: number;
}

/** The commands as functions. Each rejects with a `CommandError`. */
export const engine = {
  snapshot: () => call('snapshot', {}),
  latest: (id: ServerId) => call('latest', { id }),
  addServer: (form: ServerForm) => call('add_server', { form }),
  updateServer: (id: ServerId, form: ServerForm) => call('update_server', { id, form }),
  removeServer: (id: ServerId) => call('remove_server', { id }),
  setEnabled: (id: ServerId, enabled: boolean) => call('set_enabled', { id, enabled }),
  testServer: (test: string, form: ServerForm, id: ServerId | null) => call('test_server', { test, form, id }),
  connectionTests: (id: ServerId, limit: number) => call('connection_tests', { id, limit }),
  acceptHostKey: (offer: string) => call('accept_host_key', { offer }),
  replaceHostKey: (offer: string) => call('replace_host_key', { offer }),
  /** Without answers the login is given up. */
  answerPrompt: (id: string, answers: string[] | null) => call('answer_prompt', { id, answers }),
  footprint: (id: ServerId, days: number) => call('footprint', { id, days }),
  sshConfig: () => call('ssh_config', {}),
  importSshConfig: (preview: string, aliases: string[]) => call('import_ssh_config', { preview, aliases }),
  restrict: (id: ServerId) => call('restrict', { id }),
  collect: (id: ServerId) => call('collect', { id }),
  collectAll: () => call('collect_all', {}),
  pause: () => call('pause', {}),
  resume: () => call('resume', {}),
  clean: () => call('clean', {}),
  retry: (id: CollectionId) => call('retry', { id }),
  collections: (server: ServerId | null, limit: number) => call('collections', { server, limit }),
  history: (query: HistoryQuery) => call('history', { query }),
  alerts: (server: ServerId | null, limit: number) => call('alerts', { server, limit }),
  activity: (page: ActivityPage) => call('activity', { ...page }),
  metrics: () => call('metrics', {}),
  /** Asks where to, and tells how far it is under `id`. Null where no file was chosen. */
  saveReport: (id: string, request: ReportRequest) => call('save_report', { id, request }),
  setLive: (id: ServerId, live: boolean) => call('set_live', { id, live }),
  setSettings: (settings: Settings) => call('set_settings', { settings }),
  /** Into a file that the person chooses; null where none was chosen, or the export was cancelled. */
  export: (id: string, request: ExportRequest) => call('export', { id, request }),
  cancelExport: (id: string) => call('cancel_export', { id }),
  /** Asks in a native dialog where it goes; null where nowhere was chosen. So do the ones below that choose or export. */
  backUp: () => call('back_up', {}),
  chooseBackup: () => call('choose_backup', {}),
  restoreBackup: (id: number) => call('restore_backup', { id }),
  beginAnew: () => call('begin_anew', {}),
  exportConfig: () => call('export_config', {}),
  chooseConfig: () => call('choose_config', {}),
  importConfig: (preview: string, withHostKeys: boolean) => call('import_config', { preview, withHostKeys }),
  storage: () => call('storage', {}),
  /** With an exception, as if that server were kept so from now on. */
  previewRetention: (retention: Retention, exception: KeepException | null) =>
    call('preview_retention', { retention, exception }),
  /** Without days the settings say how long. */
  setKeepDays: (id: ServerId, days: number | null) => call('set_keep_days', { id, days }),
};
