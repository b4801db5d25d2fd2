/**
 * The annotation by which an `HttpApi` learns an error's status. Its key is a registered symbol, so that the
 * platform's module, which the rest of the library does without, need not be imported to set it.
 */
export const httpApiStatus = (status: number) => ({
  [Symbol.for("@effect/platform/HttpApiSchema/AnnotationStatus")]: status
})
