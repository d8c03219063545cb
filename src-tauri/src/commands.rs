//! What the window may ask for: each command hands its arguments to the engine and the answer back, and does nothing else.

use hostrounds_core::activity::Activity;
use hostrounds_core::alert::Alert;
use hostrounds_core::collection::{Collection, CollectionId};
use hostrounds_core::history::{HistoryQuery, SeriesHistory};
use hostrounds_core::metric::MetricInfo;
use hostrounds_core::retention::Retention;
use hostrounds_core::server::ServerId;
use hostrounds_engine::api::backup;
use hostrounds_engine::api::export::{ExportRequest, Exported};
use hostrounds_engine::api::report::{ReportEnd, ReportRequest};
use hostrounds_engine::api::view::{
    ApiError, BackupFile, BackupMade, ConfigImported, ConfigPreview, ConnectionTest, ErrorCode, FootprintReport,
    ImportPreview, Latest, Replaced, RestrictKit, RetentionPreview, ServerForm, ServerView, Settings, Snapshot,
    StorageReport, TestReport,
};
use secrecy::SecretString;
use tauri::ipc::Invoke;
use tauri::{AppHandle, State, Wry};

use crate::dialog;
use crate::engine::Engine;
use crate::export;
use crate::files::Chosen;

include!("command_list.rs");

macro_rules! handler_of {
    ($($name:ident),*) => { tauri::generate_handler![$($name),*] };
}

/// What Tauri calls for each command of the list.
pub(crate) fn handler() -> impl Fn(Invoke<Wry>) -> bool + Send + Sync + 'static {
    with_commands!(handler_of)
}

type Answer<T> = Result<T, ApiError>;

/// Everything that the window needs when it opens.
#[tauri::command]
async fn snapshot(engine: State<'_, Engine>) -> Answer<Snapshot> {
    engine.ready().await?.snapshot().await
}

/// The newest values of a server.
#[tauri::command]
async fn latest(engine: State<'_, Engine>, id: ServerId) -> Answer<Option<Latest>> {
    engine.ready().await?.latest(id).await
}

/// The catalogue of metrics.
#[tauri::command]
async fn metrics(engine: State<'_, Engine>) -> Answer<Vec<&'static MetricInfo>> {
    Ok(engine.ready().await?.metrics())
}

/// One metric of a server over time.
#[tauri::command]
async fn history(engine: State<'_, Engine>, query: HistoryQuery) -> Answer<Vec<SeriesHistory>> {
    engine.ready().await?.history(query).await
}

/// The latest collections, of one server or of all.
#[tauri::command]
async fn collections(engine: State<'_, Engine>, server: Option<ServerId>, limit: u32) -> Answer<Vec<Collection>> {
    engine.ready().await?.collections(server, limit).await
}

/// The latest alerts, of one server or of all.
#[tauri::command]
async fn alerts(engine: State<'_, Engine>, server: Option<ServerId>, limit: u32) -> Answer<Vec<Alert>> {
    engine.ready().await?.alerts(server, limit).await
}

/// What was done, newest first.
#[tauri::command]
async fn activity(
    engine: State<'_, Engine>,
    server: Option<ServerId>,
    before: Option<i64>,
    limit: u32,
) -> Answer<Vec<Activity>> {
    engine.ready().await?.activity(server, before, limit).await
}

/// Adds a server.
#[tauri::command]
async fn add_server(engine: State<'_, Engine>, form: ServerForm) -> Answer<ServerView> {
    engine.ready().await?.add_server(form).await
}

/// Changes a server.
#[tauri::command]
async fn update_server(engine: State<'_, Engine>, id: ServerId, form: ServerForm) -> Answer<ServerView> {
    engine.ready().await?.update_server(id, form).await
}

/// Removes a server with its history.
#[tauri::command]
async fn remove_server(engine: State<'_, Engine>, id: ServerId) -> Answer<()> {
    engine.ready().await?.remove_server(id).await
}

/// Takes a server into the schedule or out of it.
#[tauri::command]
async fn set_enabled(engine: State<'_, Engine>, id: ServerId, enabled: bool) -> Answer<ServerView> {
    engine.ready().await?.set_enabled(id, enabled).await
}

/// What the SSH configuration of this person holds.
#[tauri::command]
async fn ssh_config(engine: State<'_, Engine>) -> Answer<ImportPreview> {
    engine.ready().await?.ssh_config(None).await
}

/// Takes over servers that a preview of the SSH configuration showed.
#[tauri::command]
async fn import_ssh_config(
    engine: State<'_, Engine>,
    preview: String,
    aliases: Vec<String>,
) -> Answer<Vec<ServerView>> {
    engine.ready().await?.import_ssh_config(preview, aliases).await
}

/// Tries a connection, step by step.
#[tauri::command]
async fn test_server(
    engine: State<'_, Engine>,
    test: String,
    form: ServerForm,
    id: Option<ServerId>,
) -> Answer<TestReport> {
    engine.ready().await?.test_server(test, form, id).await
}

/// The latest connection tests of a server, newest first.
#[tauri::command]
async fn connection_tests(engine: State<'_, Engine>, id: ServerId, limit: u32) -> Answer<Vec<ConnectionTest>> {
    engine.ready().await?.connection_tests(id, limit).await
}

/// Trusts the host key that a test or a collection was offered.
#[tauri::command]
async fn accept_host_key(engine: State<'_, Engine>, offer: String) -> Answer<()> {
    engine.ready().await?.accept_host_key(offer).await
}

/// Trusts a changed host key in the place of the known one.
#[tauri::command]
async fn replace_host_key(engine: State<'_, Engine>, offer: String) -> Answer<()> {
    engine.ready().await?.replace_host_key(offer).await
}

/// Answers what a server asks during a login, or gives the login up.
#[tauri::command]
async fn answer_prompt(engine: State<'_, Engine>, id: String, answers: Option<Vec<SecretString>>) -> Answer<()> {
    engine.ready().await?.answer_prompt(id, answers).await
}

/// What is put on a server so that its key can do nothing there but read metrics.
#[tauri::command]
async fn restrict(engine: State<'_, Engine>, id: ServerId) -> Answer<RestrictKit> {
    engine.ready().await?.restrict(id).await
}

/// What a server was made to spend in the latest days.
#[tauri::command]
async fn footprint(engine: State<'_, Engine>, id: ServerId, days: u32) -> Answer<FootprintReport> {
    engine.ready().await?.footprint(id, days).await
}

/// Collects from one server now.
#[tauri::command]
async fn collect(engine: State<'_, Engine>, id: ServerId) -> Answer<CollectionId> {
    engine.ready().await?.collect(id).await
}

/// Collects from every enabled server now.
#[tauri::command]
async fn collect_all(engine: State<'_, Engine>) -> Answer<Vec<CollectionId>> {
    engine.ready().await?.collect_all().await
}

/// Runs a failed collection again.
#[tauri::command]
async fn retry(engine: State<'_, Engine>, id: CollectionId) -> Answer<CollectionId> {
    engine.ready().await?.retry(id).await
}

/// Pauses the schedule.
#[tauri::command]
async fn pause(engine: State<'_, Engine>) -> Answer<()> {
    engine.ready().await?.pause().await
}

/// Resumes the schedule.
#[tauri::command]
async fn resume(engine: State<'_, Engine>) -> Answer<()> {
    engine.ready().await?.resume().await
}

/// Forgets the collections that have ended.
#[tauri::command]
async fn clean(engine: State<'_, Engine>) -> Answer<()> {
    engine.ready().await?.clean().await
}

/// Collects from a server every two seconds while somebody looks at it.
#[tauri::command]
async fn set_live(engine: State<'_, Engine>, id: ServerId, live: bool) -> Answer<()> {
    engine.ready().await?.set_live(id, live).await
}

/// Exports into a file that the person chooses; nothing where none was chosen, or the export was cancelled.
#[tauri::command]
async fn export(
    app: AppHandle,
    engine: State<'_, Engine>,
    id: String,
    request: ExportRequest,
) -> Answer<Option<Exported>> {
    export::into_chosen_file(&app, &engine.ready().await?, id, request).await
}

/// Writes a report into a file that the person chooses; nothing where none was chosen.
#[tauri::command]
async fn save_report(
    app: AppHandle,
    engine: State<'_, Engine>,
    id: String,
    request: ReportRequest,
) -> Answer<Option<ReportEnd>> {
    export::report_into_chosen_file(&app, &engine.ready().await?, id, request).await
}

/// Cancels a running export or report.
#[tauri::command]
async fn cancel_export(engine: State<'_, Engine>, id: String) -> Answer<()> {
    engine.ready().await?.cancel_export(&id);
    Ok(())
}

/// Changes the settings.
#[tauri::command]
async fn set_settings(engine: State<'_, Engine>, settings: Settings) -> Answer<Settings> {
    engine.ready().await?.set_settings(settings).await
}

/// Writes a backup where a person says; nothing where they say nowhere.
#[tauri::command]
async fn back_up(app: AppHandle, engine: State<'_, Engine>) -> Answer<Option<BackupMade>> {
    let hostrounds = engine.ready().await?;
    let Some(to) = dialog::save(&app, "Save a backup", backup::file_name(), "db").await? else { return Ok(None) };
    hostrounds.back_up(to, true, &|_| {}).await.map(Some)
}

/// Looks at a backup that a person chooses; nothing where they choose none.
#[tauri::command]
async fn choose_backup(app: AppHandle, chosen: State<'_, Chosen>) -> Answer<Option<(u32, BackupFile)>> {
    let Some(path) = dialog::open(&app, "Choose a backup").await? else { return Ok(None) };
    let file = backup::inspect(&path).await?;
    Ok(Some((chosen.keep(path), file)))
}

/// Puts the backup that was looked at in the place of the data.
#[tauri::command]
async fn restore_backup(engine: State<'_, Engine>, chosen: State<'_, Chosen>, id: u32) -> Answer<Replaced> {
    let file = chosen.get(id)?;
    engine.replace_data(|options| async move { backup::restore(&options, &file, &|_| {}).await }).await
}

/// Moves a damaged database aside, and begins with an empty one.
#[tauri::command]
async fn begin_anew(engine: State<'_, Engine>) -> Answer<Replaced> {
    match engine.ready().await {
        // Whoever asks for it has seen a state that is over.
        Ok(_) => Ok(Replaced { aside: None }),
        Err(error) if error.code == ErrorCode::StoreDamaged => {
            engine.replace_data(|options| async move { backup::begin_anew(&options).await }).await
        }
        Err(error) => Err(error),
    }
}

/// Writes the configuration where a person says; answers with the path, or nothing where they say nowhere.
#[tauri::command]
async fn export_config(app: AppHandle, engine: State<'_, Engine>) -> Answer<Option<String>> {
    let hostrounds = engine.ready().await?;
    let name = "hostrounds.toml".to_owned();
    let Some(to) = dialog::save(&app, "Export the configuration", name, "toml").await? else { return Ok(None) };
    hostrounds.export_config(to, true).await.map(Some)
}

/// What a configuration file that a person chooses would change; nothing where they choose none.
#[tauri::command]
async fn choose_config(app: AppHandle, engine: State<'_, Engine>) -> Answer<Option<ConfigPreview>> {
    let hostrounds = engine.ready().await?;
    let Some(path) = dialog::open(&app, "Choose a configuration file").await? else { return Ok(None) };
    hostrounds.look_at_config(&path).await.map(Some)
}

/// Takes over a configuration file that was looked at.
#[tauri::command]
async fn import_config(engine: State<'_, Engine>, preview: String, with_host_keys: bool) -> Answer<ConfigImported> {
    engine.ready().await?.import_config(preview, with_host_keys).await
}

/// What the history takes on this disk, and what is kept of it.
#[tauri::command]
async fn storage(engine: State<'_, Engine>) -> Answer<StorageReport> {
    engine.ready().await?.storage().await
}

/// What would be given up of the history if that were kept.
#[tauri::command]
async fn preview_retention(
    engine: State<'_, Engine>,
    retention: Retention,
    exception: Option<(ServerId, Option<u32>)>,
) -> Answer<RetentionPreview> {
    engine.ready().await?.preview_retention(retention, exception).await
}

/// Sets how many days the history of one server is kept, or leaves it to the settings.
#[tauri::command]
async fn set_keep_days(engine: State<'_, Engine>, id: ServerId, days: Option<u32>) -> Answer<()> {
    engine.ready().await?.set_keep_days(id, days).await
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use hostrounds_core::probe::{Family, Rhythm};

    macro_rules! names_of {
        ($($name:ident),*) => { [$(stringify!($name)),*] };
    }

    const EVENTS: [&str; 2] = ["core:event:allow-listen", "core:event:allow-unlisten"];

    #[test]
    fn the_window_may_call_every_command_and_nothing_else() {
        let capability: serde_json::Value =
            serde_json::from_str(include_str!("../capabilities/main.json")).expect("the capability file is JSON");
        let granted: BTreeSet<String> =
            serde_json::from_value(capability["permissions"].clone()).expect("permissions are a list of names");
        let commands = with_commands!(names_of).map(|name| format!("allow-{}", name.replace('_', "-")));
        let expected: BTreeSet<String> = commands.into_iter().chain(EVENTS.map(str::to_owned)).collect();
        assert_eq!(granted, expected);
    }

    #[test]
    fn the_frontend_knows_every_command_and_no_other() {
        let map = include_str!("../../frontend/src/api/commands.ts");
        let body =
            map.split_once("interface CommandMap {").and_then(|(_, rest)| rest.split_once("\n}")).expect("the map").0;
        let known: BTreeSet<&str> =
            body.lines().filter_map(|line| line.trim().split_once(": { args:")).map(|(name, _)| name).collect();
        assert_eq!(known, BTreeSet::from(with_commands!(names_of)));
    }

    #[test]
    fn the_form_tells_the_true_rhythm_of_every_family() {
        let told = include_str!("../../frontend/src/format/families.ts");
        for &family in Family::ALL {
            let every = match family.rhythm() {
                Rhythm::Routine => "null".to_owned(),
                Rhythm::Slow { every } => every.as_secs().to_string(),
            };
            let name = serde_json::to_value(family).expect("a family is a word");
            let line = format!("  {}: {{ every: {every},", name.as_str().expect("a family is a word"));
            assert!(told.contains(&line), "{line}");
        }
    }

    #[test]
    fn the_window_is_the_only_one_that_may() {
        let capability: serde_json::Value =
            serde_json::from_str(include_str!("../capabilities/main.json")).expect("the capability file is JSON");
        assert_eq!(capability["windows"], serde_json::json!([crate::window::MAIN]));
        assert!(capability.get("remote").is_none());
    }
}
