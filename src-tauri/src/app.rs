//! The application from its start to its end.

use tauri::{App, AppHandle, Builder, Manager, RunEvent, Wry};

use crate::arguments::Arguments;
use crate::engine::Engine;
use crate::{commands, files, quit, window};

/// Runs until the window is closed.
///
/// # Errors
/// The webview or the window cannot be made. An engine that cannot be opened is not such an error: the window says so.
pub(crate) fn run(arguments: Arguments) -> anyhow::Result<()> {
    let app = one_at_a_time(Builder::default(), &arguments)
        .manage(quit::Progress::default())
        .manage(files::Chosen::default())
        .invoke_handler(commands::handler())
        .setup(move |app| set_up(app, arguments))
        .build(tauri::generate_context!())?;
    app.run(|app, event| {
        if let RunEvent::ExitRequested { api, .. } = event
            && quit::must_wait(app)
        {
            api.prevent_exit();
        }
    });
    Ok(())
}

// A folder that was named is somebody's experiment: it may stand beside the window of every day. The lock of the engine keeps two
// schedules out of one folder in any case.
fn one_at_a_time(builder: Builder<Wry>, arguments: &Arguments) -> Builder<Wry> {
    if arguments.data_dir.is_some() {
        return builder;
    }
    builder.plugin(tauri_plugin_single_instance::init(|app, _arguments, _folder| window::show(app)))
}

fn set_up(app: &App, arguments: Arguments) -> Result<(), Box<dyn std::error::Error>> {
    app.manage(Engine::new(app.handle().clone(), arguments.data_dir));
    window::open(app)?;
    tauri::async_runtime::spawn(open_engine(app.handle().clone()));
    tauri::async_runtime::spawn(quit::on_signals(app.handle().clone()));
    Ok(())
}

// The window is drawn meanwhile, and asks for the engine itself; but the schedule must not depend on a page that has loaded.
async fn open_engine(app: AppHandle) {
    let _ = app.state::<Engine>().ready().await;
}
