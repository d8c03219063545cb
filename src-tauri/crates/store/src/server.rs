//! The servers. Row 0 is this computer: the first migration writes it, and it stays.

use hostrounds_core::server::{LOCAL_NAME, Server, ServerDraft, ServerId, Target};
use hostrounds_core::time::UnixMillis;
use serde::Serialize;
use sqlx::query::QueryAs;
use sqlx::sqlite::SqliteArguments;
use sqlx::{Sqlite, SqliteConnection};

use crate::error::is_duplicate;
use crate::layout::keys_of;
use crate::text::{from_json, to_json};
use crate::{Result, Store, StoreError, rhythm, setting};

#[derive(sqlx::FromRow)]
struct Row {
    id: i64,
    name: String,
    target: String,
    enabled: bool,
    interval: u32,
    thresholds: String,
    families_off: String,
    environment: Option<String>,
    tags: String,
    created_at: i64,
}

impl TryFrom<Row> for Server {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            id: ServerId(row.id),
            name: row.name,
            target: from_json("server.target", &row.target)?,
            enabled: row.enabled,
            interval: row.interval,
            thresholds: from_json("server.thresholds", &row.thresholds)?,
            families_off: from_json("server.families_off", &row.families_off)?,
            environment: row.environment,
            tags: from_json("server.tags", &row.tags)?,
            created_at: UnixMillis(row.created_at),
        })
    }
}

impl Store {
    /// Every server in the order in which they were added; this computer comes first.
    pub async fn servers(&self) -> Result<Vec<Server>> {
        self.within(async {
            sqlx::query_as::<_, Row>("SELECT * FROM server ORDER BY id")
                .fetch_all(&self.readers)
                .await?
                .into_iter()
                .map(Server::try_from)
                .collect()
        })
        .await
    }

    /// Adds a server. The draft is taken as it is: [`ServerDraft::checked`] comes before.
    ///
    /// # Errors
    /// [`StoreError::NameTaken`], and [`StoreError::ThisComputer`] where the draft is of this computer.
    pub async fn add_server(&self, draft: &ServerDraft, now: UnixMillis) -> Result<Server> {
        self.within(async {
            let mut tx = self.begin().await?;
            let server = insert(&mut tx, draft, now).await?;
            tx.commit().await?;
            Ok(server)
        })
        .await
    }

    /// Replaces the description of a server.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::NameTaken`], and [`StoreError::ThisComputer`] where this computer would get
    /// another name or target, or another server would become this computer.
    pub async fn update_server(&self, id: ServerId, draft: &ServerDraft, now: UnixMillis) -> Result<Server> {
        self.within(async {
            let mut tx = self.begin().await?;
            let server = update(&mut tx, id, draft, now).await?;
            tx.commit().await?;
            Ok(server)
        })
        .await
    }

    /// Adds and changes servers and sets a setting, all of it or nothing. Answers with the new and the changed servers, each in
    /// the order in which they were given.
    ///
    /// # Errors
    /// Those of [`Self::add_server`] and [`Self::update_server`].
    pub async fn import<T: Serialize>(
        &self,
        new: &[ServerDraft],
        changed: &[(ServerId, ServerDraft)],
        setting: Option<(&str, &T)>,
        now: UnixMillis,
    ) -> Result<(Vec<Server>, Vec<Server>)> {
        self.within(async {
            let mut tx = self.begin().await?;
            let mut updated = Vec::with_capacity(changed.len());
            for (id, draft) in changed {
                updated.push(update(&mut tx, *id, draft, now).await?);
            }
            let mut added = Vec::with_capacity(new.len());
            for draft in new {
                added.push(insert(&mut tx, draft, now).await?);
            }
            if let Some((key, value)) = setting {
                setting::put(&mut tx, key, value).await?;
            }
            tx.commit().await?;
            Ok((added, updated))
        })
        .await
    }

    /// Removes a server with its history, collections and alerts. What the activity log says of it stays.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], and [`StoreError::ThisComputer`] for [`ServerId::LOCAL`].
    pub async fn remove_server(&self, id: ServerId) -> Result<()> {
        self.within(async {
            if id == ServerId::LOCAL {
                return Err(StoreError::ThisComputer);
            }
            let mut tx = self.begin().await?;
            let gone = sqlx::query("DELETE FROM server WHERE id = ?").bind(id.0).execute(&mut *tx).await?;
            if gone.rows_affected() == 0 {
                return Err(StoreError::NotFound);
            }
            let keys = keys_of(id);
            sqlx::query("DELETE FROM head WHERE key BETWEEN ? AND ?")
                .bind(keys.start())
                .bind(keys.end())
                .execute(&mut *tx)
                .await?;
            // Their chunks go bit by bit ([`Store::sweep`]): all at once would hold up whoever else writes.
            sqlx::query("UPDATE span SET state = 'dropped' WHERE server = ?").bind(id.0).execute(&mut *tx).await?;
            tx.commit().await?;
            self.names.forget(id);
            Ok(())
        })
        .await
    }
}

async fn insert(conn: &mut SqliteConnection, draft: &ServerDraft, now: UnixMillis) -> Result<Server> {
    if draft.target == Target::Local {
        return Err(StoreError::ThisComputer);
    }
    let row = Columns::of(draft)?
        .bound_to(
            "INSERT INTO server (name, name_key, target, enabled, interval, thresholds, families_off, environment,
             tags, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) RETURNING *",
        )
        .bind(now.0)
        .fetch_one(&mut *conn)
        .await
        .map_err(|error| name_taken(error, draft))?;
    rhythm::note(conn, ServerId(row.id), row.interval, now).await?;
    row.try_into()
}

async fn update(conn: &mut SqliteConnection, id: ServerId, draft: &ServerDraft, now: UnixMillis) -> Result<Server> {
    let is_local = draft.target == Target::Local && draft.name == LOCAL_NAME;
    if (id == ServerId::LOCAL && !is_local) || (id != ServerId::LOCAL && draft.target == Target::Local) {
        return Err(StoreError::ThisComputer);
    }
    let row = Columns::of(draft)?
        .bound_to(
            "UPDATE server SET name = ?1, name_key = ?2, target = ?3, enabled = ?4, interval = ?5, thresholds = ?6,
             families_off = ?7, environment = ?8, tags = ?9 WHERE id = ?10 RETURNING *",
        )
        .bind(id.0)
        .fetch_optional(&mut *conn)
        .await
        .map_err(|error| name_taken(error, draft))?
        .ok_or(StoreError::NotFound)?;
    rhythm::note(conn, id, row.interval, now).await?;
    row.try_into()
}

/// A draft as its columns take it.
struct Columns<'a> {
    draft: &'a ServerDraft,
    name_key: String,
    target: String,
    thresholds: String,
    families_off: String,
    tags: String,
}

impl<'a> Columns<'a> {
    fn of(draft: &'a ServerDraft) -> Result<Self> {
        Ok(Self {
            draft,
            name_key: draft.name.to_lowercase(),
            target: to_json("server.target", &draft.target)?,
            thresholds: to_json("server.thresholds", &draft.thresholds)?,
            families_off: to_json("server.families_off", &draft.families_off)?,
            tags: to_json("server.tags", &draft.tags)?,
        })
    }

    /// A statement with the columns as its parameters 1 to 9; the tenth is up to the statement.
    fn bound_to(self, sql: &'static str) -> QueryAs<'a, Sqlite, Row, SqliteArguments> {
        sqlx::query_as(sql)
            .bind(&self.draft.name)
            .bind(self.name_key)
            .bind(self.target)
            .bind(self.draft.enabled)
            .bind(self.draft.interval)
            .bind(self.thresholds)
            .bind(self.families_off)
            .bind(&self.draft.environment)
            .bind(self.tags)
    }
}

fn name_taken(error: sqlx::Error, draft: &ServerDraft) -> StoreError {
    if is_duplicate(&error) { StoreError::NameTaken { name: draft.name.clone() } } else { error.into() }
}
