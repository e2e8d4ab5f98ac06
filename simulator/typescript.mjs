// The programs are TypeScript; tsx lets Node run them as they are.
import { register as registerHooks } from "node:module";
import { register } from "tsx/esm/api";

register();
registerHooks("./plain-functions.mjs", import.meta.url);
