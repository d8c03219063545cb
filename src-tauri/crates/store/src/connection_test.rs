//! Connection tests that were made of servers. Who makes them knows what a report holds.

use hostrounds_core::server::ServerId;
use hostrounds_core::time::UnixMillis;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::text::{from_json, to_json};
use crate::{Result, Store};

/// How many connection tests are kept of each server.
pub const TESTS_MOST: u32 = 50;

/// A connection test that was made.
#[derive(Clone, PartialEq, Debug)]
pub struct KeptTest<R> {
    /// Its number; later ones have higher numbers.
    pub id: i64,
    /// When it ended.
    pub at: UnixMillis,
    /// How it went.
    pub report: R,
}

impl Store {
    /// Keeps a connection test, and of each server the latest [`TESTS_MOST`]. Nothing where the server is gone.
    pub async fn add_test<R: Serialize>(
        &self,
        server: ServerId,
        at: UnixMillis,
        passed: bool,
        report: &R,
    ) -> Result<()> {
        self.within(async {
            let report = to_json("connection_test.report", report)?;
            let mut tx = self.begin().await?;
            sqlx::query(
                "INSERT INTO connection_test (server, at, passed, report) SELECT id, ?2, ?3, ?4 FROM server WHERE id = ?1",
            )
            .bind(server.0)
            .bind(at.0)
            .bind(passed)
            .bind(report)
            .execute(&mut *tx)
            .await?;
            sqlx::query(
                "DELETE FROM connection_test WHERE server = ?1 AND id NOT IN (
                   SELECT id FROM connection_test WHERE server = ?1 ORDER BY id DESC LIMIT ?2)",
            )
            .bind(server.0)
            .bind(TESTS_MOST)
            .execute(&mut *tx)
            .await?;
            Ok(tx.commit().await?)
        })
        .await
    }

    /// At most `limit` tests of a server, newest first.
    ///
    /// # Errors
    /// [`crate::StoreError::Value`] where a report is not of this type.
    pub async fn tests<R: DeserializeOwned>(&self, server: ServerId, limit: u32) -> Result<Vec<KeptTest<R>>> {
        self.within(async {
            let rows: Vec<(i64, i64, String)> =
                sqlx::query_as("SELECT id, at, report FROM connection_test WHERE server = ? ORDER BY id DESC LIMIT ?")
                    .bind(server.0)
                    .bind(limit)
                    .fetch_all(&self.readers)
                    .await?;
            rows.into_iter()
                .map(|(id, at, report)| {
                    Ok(KeptTest { id, at: UnixMillis(at), report: from_json("connection_test.report", &report)? })
                })
                .collect()
        })
        .await
    }
}
