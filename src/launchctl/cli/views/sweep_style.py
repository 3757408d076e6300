"""How the page of a sweep looks, and the few lines of script that draw its plots."""

from __future__ import annotations

STYLE = """
:root { color-scheme: light; --ink: #1f2933; --muted: #52606d; --line: #e4e7eb; --card: #ffffff; --page: #f5f7fa; }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 76rem; padding: 1.5rem 1rem 3rem; background: var(--page); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
h1 { margin: 0; font-size: 2rem; line-height: 1.2; overflow-wrap: anywhere; }
h2 { margin: 0 0 .25rem; font-size: 1.1rem; overflow-wrap: anywhere; }
section > p { margin: 0 0 .5rem; color: var(--muted); }
.kind { margin: 0; color: var(--muted); font-size: .8rem; font-weight: 600; letter-spacing: .08em;
  text-transform: uppercase; }
.subtitle { margin: .25rem 0 0; font-size: 1.1rem; overflow-wrap: anywhere; }
.facts { margin: .35rem 0 0; color: var(--muted); overflow-wrap: anywhere; }
section, .card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 1rem 1.1rem; }
section { margin-top: 1rem; }
.cards { display: grid; gap: .8rem; grid-template-columns: repeat(auto-fit, minmax(13rem, 1fr));
  margin-top: 1.2rem; padding: 0; border: 0; background: none; }
.card h2 { color: var(--muted); font-size: .85rem; font-weight: 600; }
.card .value { margin: 0; font-size: 1.9rem; font-weight: 650; line-height: 1.25;
  font-variant-numeric: tabular-nums; }
.card .detail { margin: .3rem 0 0; color: var(--muted); font-size: .88rem; line-height: 1.7;
  overflow-wrap: anywhere; }
.card .detail b { color: var(--ink); font-weight: 600; }
.card.best { border-left: 5px solid #d55e00; }
.scroll { overflow-x: auto; }
.plot { min-height: 18rem; width: 100%; }
.plot.wide { min-width: 46rem; }
.small { display: grid; gap: .6rem; grid-template-columns: repeat(auto-fit, minmax(min(21rem, 100%), 1fr)); }
.small .plot { min-width: 0; }
.key { margin-right: .9rem; white-space: nowrap; }
.key.best { color: #b04e00; } .key.done { color: #0072b2; } .key.active { color: #00795a; }
.key.pruned { color: #93496f; } .key.failed { color: #52606d; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; }
th, td { padding: .4rem .65rem; border-bottom: 1px solid var(--line); text-align: left; white-space: nowrap; }
th { color: var(--muted); font-weight: 600; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
tr.best td { background: #fff4eb; font-weight: 600; }
code { font: 13px ui-monospace, SFMono-Regular, Menlo, monospace; }
.pill { display: inline-block; padding: 0 .55em; border-radius: 1em; font-size: .82rem; line-height: 1.6;
  background: #e4e7eb; color: #323f4b; }
.pill.succeeded { background: #d8ebf7; color: #00507d; } .pill.pruned { background: #f4e1ec; color: #73335a; }
.pill.running, .pill.submitted, .pill.intent { background: #d5f0e7; color: #00563f; }
.pill.failed, .pill.timed_out, .pill.lost { background: #fbdfd3; color: #8a2c00; }
footer { margin-top: 1.5rem; color: var(--muted); font-size: .85rem; }
@media (max-width: 40rem) {
  body { padding: 1rem .6rem 2rem; } section, .card { padding: .8rem; } h1 { font-size: 1.6rem; }
}
"""

SCRIPT = """
"use strict";
for (const figure of JSON.parse(document.getElementById("figures").textContent)) {
  Plotly.newPlot(figure.id, figure.data, figure.layout, {
    responsive: true, displaylogo: false, displayModeBar: false
  });
}
document.documentElement.dataset.drawn = "yes";
"""
