/** The admin console, as the browser starts it. */
import { render } from "preact";
import "../../../shared/web/base.css";
import { App } from "./app.tsx";
import "./console.css";
import { followLinks } from "./core/router.ts";

followLinks();
const place = document.getElementById("app");
if (place) render(<App />, place);
