import { html } from "hono/html";
import type { InvitationTerms } from "../../shared/app-store.ts";

type Markup = ReturnType<typeof html>;

const page = (title: string, body: Markup): Markup =>
  html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title}</title>
      </head>
      <body>
        <main>
          <h1>${title}</h1>
          ${body}
        </main>
      </body>
    </html>`;

/** What a browser shows for an open invitation. The template escapes: the organisation chose its own name. */
export const termsPage = (terms: InvitationTerms): Markup =>
  page(
    terms.title,
    html`<p>${terms.text}</p>
      <p>To agree, open this link on your phone and sign in to the App Store.</p>`,
  );

export const refusalPage = (message: string): Markup =>
  page("This invitation can't be used", html`<p>${message}</p>`);
