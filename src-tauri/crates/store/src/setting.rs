//! Settings of the application: JSON values by key. Who reads a setting knows its type.

use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::SqliteConnection;

use crate::text::{from_json, to_json};
use crate::{Result, Store};

impl Store {
    /// The value of a setting, or nothing where it was never set.
    ///
    /// # Errors
    /// [`crate::StoreError::Value`] where it is not of this type.
    pub async fn setting<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>> {
        self.within(async {
            let text: Option<String> = sqlx::query_scalar("SELECT value FROM setting WHERE key = ?")
                .bind(key)
                .fetch_optional(&self.readers)
                .await?;
            text.map(|text| from_json("setting.value", &text)).transpose()
        })
        .await
    }

    /// Sets a setting.
    pub async fn put_setting<T: Serialize>(&self, key: &str, value: &T) -> Result<()> {
        self.within(async {
            let mut tx = self.begin().await?;
            put(&mut tx, key, value).await?;
            Ok(tx.commit().await?)
        })
        .await
    }
}

pub(crate) async fn put<T: Serialize>(conn: &mut SqliteConnection, key: &str, value: &T) -> Result<()> {
    sqlx::query("INSERT INTO setting (key, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value")
        .bind(key)
        .bind(to_json("setting.value", value)?)
        .execute(conn)
        .await?;
    Ok(())
}
