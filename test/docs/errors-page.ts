/** docs/errors.md, made of the table of codes. */
import { STATUS_CODES } from "node:http";
import { format, resolveConfig } from "prettier";
import { problems } from "../../shared/errors.ts";
import { problemMeanings } from "../../shared/problem-meanings.ts";

/** The page, as prettier would have it. */
export async function errorsPage(): Promise<string> {
  const rows = Object.entries(problems).map(([code, status]) => {
    return `| \`${code}\` | ${status} ${STATUS_CODES[status] ?? ""} | ${problemMeanings[code as keyof typeof problems]} |`;
  });
  const page = [
    "# Error codes",
    "",
    "Every refusal has a stable `code`. Over HTTP it comes as a problem document (RFC 9457, `application/problem+json`) with that code, the",
    "status below, a sentence in `detail`, and in `instance` the event that it led to. On the command line it stands before the sentence.",
    "Codes never change their meaning; sentences may.",
    "",
    "| code | status | meaning |",
    "| --- | --- | --- |",
    ...rows,
    "",
    "<!-- Made of shared/errors.ts and shared/problem-meanings.ts by `npx vitest run test/docs/errors.test.ts --update`. -->",
    "",
  ].join("\n");
  const config = await resolveConfig("docs/errors.md");
  return await format(page, { ...config, parser: "markdown" });
}
