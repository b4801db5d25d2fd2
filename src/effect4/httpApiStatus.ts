/** The annotation with the status of an error in an `HttpApi`. */
export const httpApiStatus = (status: number) => ({ httpApiStatus: status })
