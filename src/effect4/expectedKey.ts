/** The annotation of an issue in which `custom` says what it expected. */
export const expectedKey = "effect-clerk/expected"
