/** The annotation with the status of an error in an `HttpApi`. Errors must not import the module of its key. */
export const httpApiStatus = (status: number) => ({
  [Symbol.for("@effect/platform/HttpApiSchema/AnnotationStatus")]: status
})
