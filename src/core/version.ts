/** The package's version. In the sources it is a placeholder, which `scripts/build.mjs` replaces. */
export const version = "0.0.0"
