/**
 * Where reports become transactions. While one is on its way to the disk the reports of other phones gather behind it and share
 * the next: under load there are few transactions for many phones, and a lone report waits for nobody.
 */
import type { CommandContext } from "../commands/command-queue.ts";
import { transact } from "../outbox.ts";
import { storeReport, type Report, type ReportingPhone, type ReportOutcome } from "./device-report.ts";

/** Reports that share a transaction. */
const batchSize = 100;
/** A report above it goes alone: a journal line is not for many large ones. */
const smallBytesMax = 16 * 1024;
/** One is worked on while another is being made durable. */
const batchesMax = 2;

interface Waiting {
  readonly phone: ReportingPhone;
  readonly report: Report;
  readonly bytes: number;
  resolve(outcome: ReportOutcome): void;
  reject(error: unknown): void;
}

export class ReportDesk {
  readonly #context: CommandContext;
  #waiting: Waiting[] = [];
  #batches = 0;

  constructor(context: CommandContext) {
    this.#context = context;
  }

  /**
   * Stores the report and picks what comes next for the phone; resolves when both are durable. Reports are taken in the order of
   * the calls. Throws what the store throws.
   */
  take(phone: ReportingPhone, report: Report, bytes: number): Promise<ReportOutcome> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ phone, report, bytes, resolve, reject });
      if (this.#batches < batchesMax) void this.#run();
    });
  }

  async #run(): Promise<void> {
    this.#batches += 1;
    while (this.#waiting.length > 0) await this.#store(this.#takeBatch());
    this.#batches -= 1;
  }

  #takeBatch(): Waiting[] {
    const large = this.#waiting.findIndex(({ bytes }) => bytes > smallBytesMax);
    return this.#waiting.splice(0, large === -1 ? batchSize : Math.min(Math.max(1, large), batchSize));
  }

  /** Never rejects: whoever waits for a report hears of it. */
  async #store(batch: readonly Waiting[]): Promise<void> {
    try {
      const outcomes = await transact(this.#context, async (tx, outbox) => {
        const stored: ReportOutcome[] = [];
        for (const { phone, report } of batch)
          stored.push(await storeReport(tx, outbox, this.#context, phone, report));
        return stored;
      });
      for (const [at, outcome] of outcomes.entries()) batch[at]?.resolve(outcome);
    } catch (error) {
      // One that can't be stored must not take the others with it.
      if (batch.length > 1) for (const one of batch) await this.#store([one]);
      else for (const { reject } of batch) reject(error);
    }
  }
}
