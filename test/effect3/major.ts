/** The Effect major that the tests run on. */
export const major = "effect3"
