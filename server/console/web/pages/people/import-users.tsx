/** Many users from a file: first what would happen, then that it happens. */
import { useState } from "preact/hooks";
import { useSay } from "../../../../../shared/web/preferences.ts";
import { Sheet } from "../../../../../shared/web/sheet.tsx";
import { call, type ApiFailure } from "../../core/api.ts";
import { useDeed } from "../../core/deed.ts";
import { Failure } from "../../core/failure.tsx";
import { Field } from "../../core/form.tsx";
import { common } from "../../messages/common.ts";
import { importChanges, importFields, importing } from "../../messages/import.ts";

/** As the server has it. */
const fileBytesMax = 10 * 1024 * 1024;
const shownMax = 50;

interface ImportResult {
  readonly dryRun: boolean;
  readonly created: number;
  readonly updated: number;
  readonly unchanged: number;
  readonly changes: readonly {
    readonly id: string;
    readonly change: keyof typeof importChanges;
    readonly fields: readonly (keyof typeof importFields)[];
  }[];
  readonly groups: readonly string[];
}

interface ChosenFile {
  readonly name: string;
  readonly problem?: "tooLarge" | "notJson";
  readonly content?: { readonly csv: string } | { readonly body: unknown };
}

export function ImportUsers({ onClose }: { onClose: () => void }) {
  const say = useSay();
  const [file, setFile] = useState<ChosenFile>();
  const [result, setResult] = useState<ImportResult>();
  const deed = useDeed(async (once, chosen: ChosenFile, dryRun: boolean) => {
    setResult(undefined);
    const path = `/api/v1/users/import?dryRun=${dryRun}`;
    setResult(
      await call<ImportResult>("POST", path, { ...(dryRun ? {} : { once }), ...(chosen.content ?? {}) }),
    );
  });
  const choose = async (chosen: File | undefined) => {
    if (!chosen) return;
    deed.forget();
    setResult(undefined);
    const read = await readFile(chosen);
    setFile(read);
    if (read.content) await deed.run(read, true);
  };
  const isDone = result?.dryRun === false;
  const changing = (result?.created ?? 0) + (result?.updated ?? 0);
  return (
    <Sheet title={say(importing.title)} onClose={onClose} class="large">
      {!isDone && (
        <>
          <p class="muted">{say(importing.lead)}</p>
          <Field label={say(importing.file)}>
            {(attributes) => (
              <input
                {...attributes}
                type="file"
                accept=".csv,.json,text/csv,application/json"
                data-focus
                onChange={({ currentTarget }) => void choose(currentTarget.files?.[0])}
              />
            )}
          </Field>
          {file?.problem && (
            <p class="hint error" role="alert">
              {say(importing[file.problem], { name: file.name })}
            </p>
          )}
        </>
      )}
      <div role="status">{result && <Foretold of={result} />}</div>
      {deed.failure && (
        <>
          <Failure failure={deed.failure} />
          <FileErrors of={deed.failure} />
        </>
      )}
      <div class="sheet-buttons">
        <button onClick={onClose}>{say(isDone ? common.close : common.cancel)}</button>
        {!isDone && (
          <button
            class="primary"
            disabled={!file || !result || changing === 0 || deed.isUnderWay}
            onClick={() => file && void deed.run(file, false)}
          >
            {changing === 0 ? say(importing.commit) : say(importing.commitCount, { n: changing })}
          </button>
        )}
      </div>
    </Sheet>
  );
}

async function readFile(file: File): Promise<ChosenFile> {
  const { name } = file;
  if (file.size > fileBytesMax) return { name, problem: "tooLarge" };
  const text = await file.text();
  if (!/\.json$/i.test(name) && file.type !== "application/json") return { name, content: { csv: text } };
  try {
    const json = JSON.parse(text) as unknown;
    // A bare list is what many tools write.
    return { name, content: { body: Array.isArray(json) ? { users: json } : json } };
  } catch {
    return { name, problem: "notJson" };
  }
}

function Foretold({ of: result }: { of: ImportResult }) {
  const say = useSay();
  const { created, updated, unchanged, changes, groups } = result;
  return (
    <>
      <p class={`notice ${result.dryRun ? "info" : "good"}`}>
        <strong>{say(result.dryRun ? importing.would : importing.was)}</strong>{" "}
        {say(importing.created, { n: created })} · {say(importing.updated, { n: updated })} ·{" "}
        {say(importing.unchanged, { n: unchanged })}
      </p>
      {groups.length > 0 && <p>{say(importing.newGroups, { names: groups.join(", ") })}</p>}
      {changes.length > 0 && (
        <div class="scrolling" tabIndex={0} role="region" aria-label={say(importing.changes)}>
          <table class="plain-table">
            <thead>
              <tr>
                <th scope="col">{say(common.user)}</th>
                <th scope="col">{say(importing.change)}</th>
                <th scope="col">{say(importing.fields)}</th>
              </tr>
            </thead>
            <tbody>
              {changes.slice(0, shownMax).map(({ id, change, fields }) => (
                <tr key={id}>
                  <td>{id}</td>
                  <td>{say(importChanges[change])}</td>
                  <td>{fields.map((field) => say(importFields[field])).join(", ")}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </>
  );
}

interface LineError {
  readonly line?: number;
  readonly column?: string | null;
  readonly path?: string;
  readonly expected: string;
}

/** Where in the file, and what was expected there. */
function FileErrors({ of: { problem } }: { of: ApiFailure }) {
  const say = useSay();
  const errors = [problem["lines"], problem["errors"]].find(Array.isArray) as LineError[] | undefined;
  if (!errors || errors.length === 0) return null;
  const placeOf = ({ line, column, path = "" }: LineError) =>
    line === undefined
      ? path.replace(/^body\./, "")
      : column
        ? say(importing.lineColumn, { n: line, column })
        : say(importing.line, { n: line });
  const title = say(importing.errors, { n: errors.length });
  return (
    <div class="scrolling" tabIndex={0} role="region" aria-label={title}>
      <h3>{title}</h3>
      <table class="plain-table">
        <thead>
          <tr>
            <th scope="col">{say(importing.place)}</th>
            <th scope="col">{say(importing.expected)}</th>
          </tr>
        </thead>
        <tbody>
          {errors.slice(0, shownMax).map((error, index) => (
            <tr key={index}>
              <td>{placeOf(error)}</td>
              <td lang="en">{error.expected}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
