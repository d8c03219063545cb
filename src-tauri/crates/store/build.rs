//! `sqlx::migrate!` takes the migrations in when the crate is compiled, and cargo does not see that by itself.

fn main() {
    println!("cargo:rerun-if-changed=migrations");
}
