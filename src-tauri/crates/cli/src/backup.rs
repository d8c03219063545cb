//! `backup`: everything but the secrets in one file, while collections go on.

use std::path::PathBuf;

use clap::Args;
use hostrounds_core::format;
use hostrounds_engine::api::{ApiError, ErrorCode};

use crate::output::{Output, safe};
use crate::problem::Problem;
use crate::progress::Progress;
use crate::session::{Notifications, Session};
use crate::signals::Ending;

/// Where to.
#[derive(Args)]
pub(crate) struct BackupArguments {
    /// The file that is written
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Overwrite the file where it exists
    #[arg(long)]
    force: bool,
}

pub(crate) async fn carry_out(wanted: BackupArguments, place: Option<PathBuf>, output: &Output) -> Result<(), Problem> {
    let mut ending = Ending::listen()?;
    let session = Session::open(place, Notifications::Silent).await?;
    let progress = Progress::new("Backup", output);
    let on_progress = |far| progress.show(far);
    let made = tokio::select! {
        made = session.engine.back_up(wanted.file, wanted.force, &on_progress) => made.map_err(Problem::from),
        () = ending.wished() => Err(Problem::from(stopped())),
    };
    drop(progress);
    let made = session.close_with(made).await?;
    if output.json {
        return output.document(&made);
    }
    output.line(format!("{} ({})", safe(&made.path), format::bytes(made.size as f64)))?;
    output.note("Passwords and passphrases are not in it: they stay in the keyring of this computer.");
    Ok(())
}

fn stopped() -> ApiError {
    ApiError {
        code: ErrorCode::Backup,
        message: "The backup was stopped before it was complete.".into(),
        hint: "Nothing of it is left.".into(),
        fields: Vec::new(),
    }
}
