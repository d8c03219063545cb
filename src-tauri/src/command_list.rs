// The one list of what the window may call. The build script makes a permission of each name, the shell hands each to Tauri,
// and a test holds the capability of the window against it. It is a macro because both sides need it in another form.
macro_rules! with_commands {
    ($then:ident) => {
        $then! {
            snapshot, latest, metrics, history, collections, alerts, activity,
            add_server, update_server, remove_server, set_enabled, ssh_config, import_ssh_config,
            test_server, connection_tests, accept_host_key, replace_host_key, answer_prompt, restrict, footprint,
            collect, collect_all, retry, pause, resume, clean, set_live, set_settings, export, cancel_export, save_report,
            back_up, choose_backup, restore_backup, begin_anew, export_config, choose_config, import_config,
            storage, preview_retention, set_keep_days
        }
    };
}
