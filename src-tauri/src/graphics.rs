//! NVIDIA's driver shows an empty window with the DMABUF renderer of WebKitGTK. The switch for it is an environment variable that
//! must stand before the process has threads, so the process starts itself again with it.

#[cfg(target_os = "linux")]
pub(crate) fn restart_without_dmabuf_where_it_fails() {
    use std::env;
    use std::os::unix::process::CommandExt;
    use std::path::Path;
    use std::process::Command;

    const SWITCH: &str = "WEBKIT_DISABLE_DMABUF_RENDERER";

    // Under WebDriver the switch makes screenshots hang.
    let automated = env::var_os("TAURI_WEBVIEW_AUTOMATION").is_some();
    if automated || env::var_os(SWITCH).is_some() || !Path::new("/proc/driver/nvidia/version").exists() {
        return;
    }
    let Ok(this) = env::current_exe() else { return };
    let error = Command::new(this).args(env::args_os().skip(1)).env(SWITCH, "1").exec();
    tracing::warn!(%error, "the window could not be started again with {SWITCH}=1 and may stay empty");
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn restart_without_dmabuf_where_it_fails() {}
