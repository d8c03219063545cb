//! Servers whose schedule stands still until a person acts. Kept, so that a restart does not knock again.

use hostrounds_core::collection::Failure;
use hostrounds_core::server::ServerId;
use hostrounds_core::time::UnixMillis;

use crate::text::{from_json, to_json};
use crate::{Result, Store};

/// The schedule of a server stands still.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Hold {
    /// Which server.
    pub server: ServerId,
    /// Since when.
    pub since: UnixMillis,
    /// Why.
    pub failure: Failure,
}

impl Store {
    /// Every server that is held.
    pub async fn holds(&self) -> Result<Vec<Hold>> {
        self.within(async {
            let rows: Vec<(i64, i64, String)> =
                sqlx::query_as("SELECT server, since, failure FROM hold ORDER BY server")
                    .fetch_all(&self.readers)
                    .await?;
            rows.into_iter()
                .map(|(server, since, failure)| {
                    let failure = from_json("hold.failure", &failure)?;
                    Ok(Hold { server: ServerId(server), since: UnixMillis(since), failure })
                })
                .collect()
        })
        .await
    }

    /// Holds a server. One that is held already stays so since it was, with the new failure. Nothing where the server is gone.
    pub async fn hold(&self, hold: &Hold) -> Result<()> {
        self.within(async {
            let failure = to_json("hold.failure", &hold.failure)?;
            let mut tx = self.begin().await?;
            sqlx::query(
                "INSERT INTO hold (server, since, failure) SELECT id, ?2, ?3 FROM server WHERE id = ?1
                 ON CONFLICT (server) DO UPDATE SET failure = excluded.failure",
            )
            .bind(hold.server.0)
            .bind(hold.since.0)
            .bind(failure)
            .execute(&mut *tx)
            .await?;
            Ok(tx.commit().await?)
        })
        .await
    }

    /// Lets the schedule of a server go on; answers whether it was held.
    pub async fn release(&self, server: ServerId) -> Result<bool> {
        self.within(async {
            let mut tx = self.begin().await?;
            let gone = sqlx::query("DELETE FROM hold WHERE server = ?").bind(server.0).execute(&mut *tx).await?;
            tx.commit().await?;
            Ok(gone.rows_affected() > 0)
        })
        .await
    }
}
