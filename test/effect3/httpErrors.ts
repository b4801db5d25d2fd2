import type { HttpClientFailure } from "./http.js"

/** Whether a request failed because its body could not be encoded. */
export const isEncodeError = (error: HttpClientFailure): boolean =>
  error._tag === "RequestError" && error.reason === "Encode"
