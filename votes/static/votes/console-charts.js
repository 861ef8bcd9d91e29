// Draws the results from the figures beside each place; the tables below say the same in numbers.
const COLOURS = { within: "#c8161d", tied_at_cut: "#b9812b", beyond: "#efc3c0" };
const ROW = 26;
const { fontFamily } = getComputedStyle(document.body);
const text = { color: "#5c626d", fontFamily, fontSize: 13 };

function series(chart) {
  return {
    type: "bar",
    silent: true,
    barCategoryGap: chart.named ? "35%" : "10%",
    label: { show: chart.named, position: "right", color: "#1f2227", fontFamily, fontSize: 13 },
    data: chart.bars.map((bar) => ({ value: bar.votes, itemStyle: { color: COLOURS[bar.cut], borderRadius: 2 } })),
  };
}

function options(chart) {
  const names = chart.bars.map((bar, at) => (chart.named ? bar.name : String(at + 1)));
  const category = { type: "category", data: names, axisTick: { show: false }, axisLabel: text };
  const value = { type: "value", minInterval: 1, axisLabel: text, splitLine: { lineStyle: { color: "#e4e5e8" } } };
  return {
    animation: false,
    aria: { enabled: false },
    grid: { left: 8, right: 56, top: 8, bottom: 8, containLabel: true },
    xAxis: chart.named ? value : category,
    yAxis: chart.named ? { ...category, inverse: true, axisLabel: { ...text, width: 220, overflow: "truncate" } } : value,
    series: [series(chart)],
  };
}

const drawn = [];
for (const place of document.querySelectorAll("[data-chart]")) {
  const chart = JSON.parse(place.querySelector("script").textContent);
  const height = chart.named ? chart.bars.length * ROW + 48 : 260;
  const drawing = echarts.init(place, null, { height, locale: "ZH" });
  drawing.setOption(options(chart));
  drawn.push(drawing);
}
const fit = () => drawn.forEach((drawing) => drawing.resize());
window.addEventListener("resize", fit);
window.addEventListener("beforeprint", fit);
