// In your project, `npx wrangler types` writes this file.
declare module "cloudflare:workers" {
  export const env: import("./app.js").Settings
}
