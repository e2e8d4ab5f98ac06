import { traceLines } from "../traces/trace-lines.ts";
import { RunRecord, type RunRecordOptions } from "./run-record.ts";

/** The record that was, or would have been, made while the run went on. Throws as `traceLines`. */
export async function readRunRecord(
  path: string,
  options: RunRecordOptions = {},
): Promise<{ readonly record: RunRecord; readonly run: string }> {
  const record = new RunRecord(options);
  let run = "";
  for await (const { event } of traceLines(path)) {
    record.take(event);
    if (run === "" && typeof event.run === "string") run = event.run;
  }
  return { record, run };
}
