/** The screen in the browser: a wall of phones, or the one there is. */
import { render } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { ScreenFacts } from "../sight.ts";
import { ask } from "./api.ts";
import { PhonePage } from "./phone-page.tsx";
import { WallPage } from "./wall-page.tsx";
import "../../../shared/web/base.css";
import "./page.css";
import "./handset.css";
import "./wall.css";

const retryMs = 1_000;

function phoneInAddress(): string | undefined {
  const [, name] = /^\/phones\/([^/]+)$/.exec(location.pathname) ?? [];
  return name === undefined ? undefined : decodeURIComponent(name);
}

function Page() {
  const [facts, setFacts] = useState<ScreenFacts>();
  const [name, setName] = useState(phoneInAddress);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout>;
    const look = (): void =>
      void ask<ScreenFacts>("").then(setFacts, () => {
        timer = setTimeout(look, retryMs);
      });
    look();
    const moved = () => setName(phoneInAddress());
    addEventListener("popstate", moved);
    return () => {
      clearTimeout(timer);
      removeEventListener("popstate", moved);
    };
  }, []);

  function go(to: string | undefined): void {
    history.pushState(null, "", to === undefined ? "/" : `/phones/${encodeURIComponent(to)}`);
    setName(to);
    scrollTo(0, 0);
  }
  if (facts === undefined) return null;
  if (facts.phone !== null) return <PhonePage name={facts.phone} />;
  if (name === undefined) return <WallPage open={go} />;
  return <PhonePage key={name} name={name} leave={() => go(undefined)} />;
}

const place = document.getElementById("app");
if (place !== null) render(<Page />, place);
