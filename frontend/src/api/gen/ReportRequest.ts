// placeholder until it is generated
import type { ServerId } from "./ServerId";
import type { UnixMillis } from "./UnixMillis";
export type ReportRequest = { servers: Array<ServerId>, from: UnixMillis, to: UnixMillis, };
