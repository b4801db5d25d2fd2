/**
 * A copy of what an object has itself, and of nothing it inherits: what some other code has put on
 * `Object.prototype` must not become a parameter, a header or a setting.
 */
export const ownProperties = <A extends object>(value: A): A => Object.assign(Object.create(null), value)
