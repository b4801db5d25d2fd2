export const css = `
:root {
  color-scheme: light dark;
  --page: #f4f5f7; --card: #ffffff; --line: #d5d9e0; --text: #1b2130; --soft: #566074;
  --accent: #3b4fd8; --danger: #b3261e; --on-danger: #ffffff;
  --good-text: #0d5c37; --good: #e4f5eb; --bad-text: #8c1d18; --bad: #fdecea;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #12151c; --card: #1c212b; --line: #39414f; --text: #eceff5; --soft: #a9b3c4;
    --accent: #a9b6ff; --danger: #ffb4ab; --on-danger: #561009;
    --good-text: #9be3bb; --good: #12301f; --bad-text: #ffb4ab; --bad: #3d1714;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--text); font: 1rem/1.5 system-ui, sans-serif; }
main { max-width: 46rem; margin: 0 auto; padding: 2.5rem 1rem 3rem; }
h1 { margin: 0 0 .25rem; font-size: 1.75rem; line-height: 1.2; }
h2, p { margin: 0; overflow-wrap: anywhere; }
h2 { font-size: 1.0625rem; }
a { color: var(--accent); }
.soft { color: var(--soft); }
.notice { margin: 1.25rem 0; padding: .75rem 1rem; border-left: 4px solid; border-radius: .5rem; }
[role=status] { color: var(--good-text); background: var(--good); }
[role=alert] { color: var(--bad-text); background: var(--bad); }
.devices { list-style: none; margin: 1.5rem 0; padding: 0; background: var(--card);
  border: 1px solid var(--line); border-radius: .75rem; }
.devices > li { display: flex; flex-wrap: wrap; gap: .75rem 1.5rem; align-items: center;
  justify-content: space-between; padding: 1rem 1.25rem; }
.devices > li + li { border-top: 1px solid var(--line); }
.devices > li > div { flex: 1 1 16rem; min-width: 0; }
.badge { display: inline-block; margin-left: .375rem; padding: 0 .5rem; border: 1px solid; border-radius: 1rem;
  color: var(--soft); font-size: .8125rem; font-weight: 600; }
[aria-current] .badge { color: var(--accent); }
button { font: inherit; font-weight: 600; min-height: 2.75rem; padding: .375rem 1rem; border-radius: .5rem;
  border: 1px solid var(--danger); background: transparent; color: var(--danger); cursor: pointer; }
button:hover, button.all { background: var(--danger); color: var(--on-danger); }
button.plain { border-color: var(--line); background: var(--card); color: var(--text); }
button.plain:hover { border-color: var(--accent); color: var(--accent); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.choices { display: flex; flex-direction: column; align-items: flex-start; gap: .75rem; margin: 1.5rem 0; }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
`
