import { createHash } from "node:crypto"
import { Duration } from "effect"
import { type Child, Html, html } from "./html.js"
import { css } from "./style.js"

/** A sentence above the content. It states the result, or the error with a status of 400 and more. */
export interface Notice {
  readonly sentence: string
  readonly status?: number | undefined
  readonly retryAfter?: Duration.Duration | undefined
}

interface Page {
  readonly title: string
  readonly notice?: Notice | undefined
  readonly content: Child
}

const style = new Html(css)

const noticeBox = ({ sentence, status = 200 }: Notice) =>
  html`<p class="notice" role="${status < 400 ? "status" : "alert"}">${sentence}</p>`

// The title has the notice too, because screen readers need not announce the initial content of a page.
const document = ({ content, notice, title }: Page) => html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${notice && `${notice.sentence} – `}${title}</title>
<link rel="icon" href="data:,">
<style>${style}</style>
</head>
<body>
<main>
<h1>${title}</h1>
${notice && noticeBox(notice)}
${content}
</main>
</body>
</html>`

export const respond = (page: Page): Response => {
  const { retryAfter, status = 200 } = page.notice ?? {}
  return new Response(document(page).text, {
    status,
    headers: {
      "content-type": "text/html; charset=utf-8",
      ...(retryAfter && { "retry-after": String(Math.ceil(Duration.toSeconds(retryAfter))) })
    }
  })
}

export const seeOther = (location: string): Response =>
  new Response(null, { status: 303, headers: { location } })

/** For every response. A page loads nothing and runs no script, so only its own style is allowed. */
export const securityHeaders = {
  "cache-control": "no-store",
  "content-security-policy": [
    "default-src 'none'",
    `style-src 'sha256-${createHash("sha256").update(css).digest("base64")}'`,
    "img-src data:",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'"
  ].join("; "),
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  // Under "no-referrer" browsers send `Origin: null` with the page's own forms, and ClerkAuth rejects them.
  "referrer-policy": "same-origin",
  "x-content-type-options": "nosniff"
}
