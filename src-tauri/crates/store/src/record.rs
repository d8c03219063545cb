//! Writing what collections yield: the run and its values in one transaction, so nothing is ever half there.

use std::collections::{BTreeSet, HashSet};

use hostrounds_core::collection::Collection;
use hostrounds_core::footprint::FootprintDay;
use hostrounds_core::observation::Observation;
use hostrounds_core::server::ServerId;
use sqlx::{QueryBuilder, Sqlite, SqliteConnection};

use crate::collection::{self, Ended};
use crate::footprint;
use crate::layout::key;
use crate::names::Laid;
use crate::text::{from_json, to_json};
use crate::{ROWS_PER_STATEMENT, Result, Store};

/// A collection and what it yielded.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    /// The run. It is kept once it has ended; before that, only what it yielded is.
    pub collection: &'a Collection,
    /// What it yielded, if it came so far.
    pub observation: Option<&'a Observation>,
    /// What the server was made to spend for it, where that is to be kept now.
    pub spent: Option<FootprintDay>,
}

/// A head that is still without names where memory does not have them all.
struct Head<'a> {
    server: ServerId,
    key: i64,
    observation: &'a Observation,
    laid: Option<Laid>,
}

impl Store {
    /// Keeps the whole batch, or, where it fails, nothing of it. An observation of the same server and time, and a collection
    /// of the same server that became due at the same time with the same number, are replaced. Collections of servers that
    /// are no longer there are left out.
    ///
    /// Answers of which servers values were left out because their names were new, and [`crate::SERIES_MOST`] are there already.
    ///
    /// # Errors
    /// [`crate::StoreError::OutOfRange`] where the clock cannot be right, besides those of the file.
    pub async fn record(&self, batch: &[Record<'_>]) -> Result<BTreeSet<ServerId>> {
        self.within(async {
            let mut ended = Vec::with_capacity(batch.len());
            let mut heads = Vec::with_capacity(batch.len());
            let mut spent = Vec::new();
            for record in batch {
                let server = record.collection.server;
                spent.extend(record.spent.map(|spent| (server, spent)));
                ended.extend(Ended::of(record.collection)?);
                if let Some(observation) = record.observation {
                    let laid = self.names.lay_out(server, observation);
                    heads.push(Head { server, key: key(server, observation.at)?, observation, laid });
                }
            }
            heads.sort_by_key(|head| head.key);

            let mut tx = self.begin().await?;
            let there = servers_there(&mut tx).await?;
            heads.retain(|head| there.contains(&head.server));
            ended.retain(|ended| there.contains(&ended.server()));
            spent.retain(|(server, _)| there.contains(server));

            let mut lookup = self.names.lookup();
            let mut rows = Vec::with_capacity(heads.len());
            let mut latest = Vec::with_capacity(heads.len());
            for head in heads {
                let laid = match head.laid {
                    Some(laid) => laid,
                    None => lookup.lay_out(&mut tx, head.server, head.observation).await?,
                };
                rows.push((head.key, laid));
                latest.push(Latest::of(head.server, head.observation)?);
            }
            write_heads(&mut tx, &rows).await?;
            write_latest(&mut tx, &latest).await?;
            collection::write(&mut tx, &ended).await?;
            footprint::add(&mut tx, &spent).await?;
            tx.commit().await?;
            Ok(lookup.learn())
        })
        .await
    }
}

/// In one row, since a row costs more to hand over than to find.
async fn servers_there(conn: &mut SqliteConnection) -> Result<HashSet<ServerId>> {
    let ids: String = sqlx::query_scalar("SELECT json_group_array(id) FROM server").fetch_one(conn).await?;
    from_json("server.id", &ids)
}

async fn write_heads(conn: &mut SqliteConnection, heads: &[(i64, Laid)]) -> Result<()> {
    for rows in heads.chunks(ROWS_PER_STATEMENT) {
        let mut sql = QueryBuilder::<Sqlite>::new("INSERT OR REPLACE INTO head (key, layout, \"values\") ");
        sql.push_values(rows, |mut row, (key, laid)| {
            row.push_bind(key).push_bind(laid.layout).push_bind(&laid.values);
        });
        sql.build().execute(&mut *conn).await?;
    }
    Ok(())
}

/// What only the newest observation is asked for.
struct Latest {
    server: i64,
    at: i64,
    processes: Option<String>,
    facts: Option<String>,
    tables: String,
    unavailable: String,
}

impl Latest {
    fn of(server: ServerId, observation: &Observation) -> Result<Self> {
        Ok(Self {
            server: server.0,
            at: observation.at.0,
            processes: observation.processes.as_ref().map(|it| to_json("latest.processes", it)).transpose()?,
            facts: observation.facts.as_ref().map(|it| to_json("latest.facts", it)).transpose()?,
            tables: to_json("latest.tables", &observation.tables)?,
            unavailable: to_json("latest.unavailable", &observation.unavailable)?,
        })
    }
}

/// `latest` is in order of time. What an observation did not read stays as an earlier one read it; an observation from before
/// the newest one changes nothing.
async fn write_latest(conn: &mut SqliteConnection, latest: &[Latest]) -> Result<()> {
    for rows in latest.chunks(ROWS_PER_STATEMENT) {
        let mut sql =
            QueryBuilder::<Sqlite>::new("INSERT INTO latest (server, at, processes, facts, tables, unavailable) ");
        sql.push_values(rows, |mut row, latest| {
            row.push_bind(latest.server)
                .push_bind(latest.at)
                .push_bind(&latest.processes)
                .push_bind(&latest.facts)
                .push_bind(&latest.tables)
                .push_bind(&latest.unavailable);
        });
        sql.push(
            " ON CONFLICT (server) DO UPDATE SET at = excluded.at, unavailable = excluded.unavailable,
             processes = coalesce(excluded.processes, processes), facts = coalesce(excluded.facts, facts),
             tables = json_patch(coalesce(tables, '{}'), excluded.tables)
             WHERE excluded.at >= latest.at",
        );
        sql.build().execute(&mut *conn).await?;
    }
    Ok(())
}
