//! Which secrets the keyring holds: asking the keyring itself may open a prompt. The secrets are not here.

use hostrounds_core::server::{SecretSlot, ServerId};

use crate::text::{from_json, to_json};
use crate::{Result, Store};

/// The keyring holds a secret of a server.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KeptSecret {
    /// Whose.
    pub server: ServerId,
    /// Which one.
    pub slot: SecretSlot,
    /// The host that it may be shown to, where the slot does not say it.
    pub place: Option<String>,
}

impl Store {
    /// Every secret that the keyring holds, those of servers that are gone included.
    pub async fn secrets(&self) -> Result<Vec<KeptSecret>> {
        self.within(async {
            let rows: Vec<(i64, String, Option<String>)> =
                sqlx::query_as("SELECT server, slot, place FROM in_keyring ORDER BY server, slot")
                    .fetch_all(&self.readers)
                    .await?;
            rows.into_iter()
                .map(|(server, slot, place)| {
                    Ok(KeptSecret { server: ServerId(server), slot: from_json("in_keyring.slot", &slot)?, place })
                })
                .collect()
        })
        .await
    }

    /// Takes note of which secrets of a server the keyring holds now, each with its place, and which it holds no longer; of all
    /// or of none.
    pub async fn note_secrets(
        &self,
        server: ServerId,
        kept: &[(SecretSlot, Option<String>)],
        gone: &[SecretSlot],
    ) -> Result<()> {
        self.within(async {
            let mut tx = self.begin().await?;
            for (slot, place) in kept {
                sqlx::query(
                    "INSERT INTO in_keyring (server, slot, place) VALUES (?, ?, ?)
                     ON CONFLICT DO UPDATE SET place = excluded.place",
                )
                .bind(server.0)
                .bind(to_json("in_keyring.slot", slot)?)
                .bind(place)
                .execute(&mut *tx)
                .await?;
            }
            for slot in gone {
                sqlx::query("DELETE FROM in_keyring WHERE server = ? AND slot = ?")
                    .bind(server.0)
                    .bind(to_json("in_keyring.slot", slot)?)
                    .execute(&mut *tx)
                    .await?;
            }
            Ok(tx.commit().await?)
        })
        .await
    }
}
