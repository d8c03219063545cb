//! Alerts, from their first moment to their last. A unique index on those that fire makes a second firing one impossible.

use hostrounds_core::alert::{Alert, AlertId, AlertState, RuleKind};
use hostrounds_core::observation::Attributes;
use hostrounds_core::server::ServerId;
use hostrounds_core::time::UnixMillis;

use crate::error::is_duplicate;
use crate::text::{from_json, from_word, to_json, to_word};
use crate::{Result, Store, StoreError};

/// An alert that starts firing. See [`Alert`] for the fields.
#[derive(Clone, PartialEq, Debug)]
pub struct NewAlert {
    /// Whose alert.
    pub server: ServerId,
    /// From which rule.
    pub rule: RuleKind,
    /// Of which part of the server.
    pub attributes: Attributes,
    /// The threshold in the unit of the rule, as [`Alert::threshold`].
    pub threshold: Option<f64>,
    /// The value that made it fire, in the same unit.
    pub value: Option<f64>,
    /// What is wrong, in a sentence that names the server.
    pub message: String,
    /// When it started firing.
    pub fired_at: UnixMillis,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: i64,
    server: i64,
    rule: String,
    attributes: String,
    state: String,
    threshold: Option<f64>,
    value: Option<f64>,
    message: String,
    resolution: Option<String>,
    fired_at: i64,
    resolved_at: Option<i64>,
}

impl TryFrom<Row> for Alert {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            id: AlertId(row.id),
            server: ServerId(row.server),
            rule: from_word("alert.rule", row.rule)?,
            attributes: from_json("alert.attributes", &row.attributes)?,
            state: from_word("alert.state", row.state)?,
            threshold: row.threshold,
            value: row.value,
            message: row.message,
            resolution: row.resolution,
            fired_at: UnixMillis(row.fired_at),
            resolved_at: row.resolved_at.map(UnixMillis),
        })
    }
}

impl Store {
    /// Keeps an alert that starts firing. Nothing where the server is disabled: nobody would see the end of it.
    ///
    /// # Errors
    /// [`StoreError::AlreadyFiring`] where the same rule fires for the same part of the server, [`StoreError::NotFound`]
    /// where the server is gone.
    pub async fn fire_alert(&self, new: NewAlert) -> Result<Option<Alert>> {
        self.within(async {
            let rule = to_word("alert.rule", new.rule)?;
            let attributes = to_json("alert.attributes", &new.attributes)?;
            let mut tx = self.begin().await?;
            let enabled: Option<bool> = sqlx::query_scalar("SELECT enabled FROM server WHERE id = ?")
                .bind(new.server.0)
                .fetch_optional(&mut *tx)
                .await?;
            if !enabled.ok_or(StoreError::NotFound)? {
                return Ok(None);
            }
            let id = sqlx::query_scalar(
                "INSERT INTO alert (server, rule, attributes, state, threshold, value, message, fired_at)
                 VALUES (?, ?, ?, 'firing', ?, ?, ?, ?) RETURNING id",
            )
            .bind(new.server.0)
            .bind(rule)
            .bind(attributes)
            .bind(new.threshold)
            .bind(new.value)
            .bind(&new.message)
            .bind(new.fired_at.0)
            .fetch_one(&mut *tx)
            .await
            .map_err(|error| if is_duplicate(&error) { StoreError::AlreadyFiring } else { error.into() })?;
            tx.commit().await?;
            Ok(Some(Alert {
                id: AlertId(id),
                server: new.server,
                rule: new.rule,
                attributes: new.attributes,
                state: AlertState::Firing,
                threshold: new.threshold,
                value: new.value,
                message: new.message,
                resolution: None,
                fired_at: new.fired_at,
                resolved_at: None,
            }))
        })
        .await
    }

    /// Marks an alert as resolved and answers it; answers nothing where it does not fire (any more). `resolution` says how it
    /// ended.
    pub async fn resolve_alert(&self, id: AlertId, at: UnixMillis, resolution: &str) -> Result<Option<Alert>> {
        self.within(async {
            let mut tx = self.begin().await?;
            let row = sqlx::query_as::<_, Row>(
                "UPDATE alert SET state = 'resolved', resolved_at = ?, resolution = ? WHERE id = ? AND state = 'firing' RETURNING *",
            )
            .bind(at.0)
            .bind(resolution)
            .bind(id.0)
            .fetch_optional(&mut *tx)
            .await?;
            tx.commit().await?;
            row.map(Alert::try_from).transpose()
        })
        .await
    }

    /// Every alert that fires, newest first.
    pub async fn firing(&self) -> Result<Vec<Alert>> {
        self.within(async {
            sqlx::query_as::<_, Row>("SELECT * FROM alert WHERE state = 'firing' ORDER BY id DESC")
                .fetch_all(&self.readers)
                .await?
                .into_iter()
                .map(Alert::try_from)
                .collect()
        })
        .await
    }

    /// At most `limit` alerts, newest first; of one server, or of all.
    pub async fn alerts(&self, server: Option<ServerId>, limit: u32) -> Result<Vec<Alert>> {
        self.within(async {
            let sql = match server {
                Some(_) => "SELECT * FROM alert WHERE server = ?2 ORDER BY id DESC LIMIT ?1",
                None => "SELECT * FROM alert ORDER BY id DESC LIMIT ?1",
            };
            let mut query = sqlx::query_as::<_, Row>(sql).bind(limit);
            if let Some(server) = server {
                query = query.bind(server.0);
            }
            query.fetch_all(&self.readers).await?.into_iter().map(Alert::try_from).collect()
        })
        .await
    }

    /// The alerts of a server that fired at some moment from `from` to before `to`, newest first; at most `limit`.
    pub async fn alerts_between(
        &self,
        server: ServerId,
        from: UnixMillis,
        to: UnixMillis,
        limit: u32,
    ) -> Result<Vec<Alert>> {
        self.within(async {
            sqlx::query_as::<_, Row>(
                "SELECT * FROM alert WHERE server = ? AND fired_at < ? AND (resolved_at IS NULL OR resolved_at > ?)
                 ORDER BY fired_at DESC, id DESC LIMIT ?",
            )
            .bind(server.0)
            .bind(to.0)
            .bind(from.0)
            .bind(limit)
            .fetch_all(&self.readers)
            .await?
            .into_iter()
            .map(Alert::try_from)
            .collect()
        })
        .await
    }
}
