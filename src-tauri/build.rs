//! Tells Tauri what the window may call and where its capabilities are.

include!("src/command_list.rs");

macro_rules! names {
    ($($name:ident),*) => { &[$(stringify!($name)),*] };
}

const COMMANDS: &[&str] = with_commands!(names);

fn main() {
    // Tauri embeds the frontend while this crate is compiled, and cargo does not know that by itself.
    for input in ["frontend/dist", "src-tauri/capabilities", "src-tauri/src/command_list.rs"] {
        println!("cargo:rerun-if-changed={input}");
    }
    let attributes = tauri_build::Attributes::new()
        .capabilities_path_pattern("src-tauri/capabilities/*.json")
        .app_manifest(tauri_build::AppManifest::new().commands(COMMANDS));
    if let Err(error) = tauri_build::try_build(attributes) {
        eprintln!("{error:#}");
        std::process::exit(1);
    }
}
