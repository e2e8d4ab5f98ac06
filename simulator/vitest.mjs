// What tests import as "pippin/vitest".
import "./typescript.mjs";

await import("./library/matchers.ts");
