// placeholder until it is generated
export type ReportEnd = { "end": "complete", file: string | null, servers: number, bytes: number, } | { "end": "cancelled" } | { "end": "readerGone" };
