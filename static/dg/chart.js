// Charts that need axes. Data comes from the page (json_script), colours from the tokens; it redraws with the theme.
const echarts = window.echarts;
const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

const options = (data) => {
  const text = token("--text-3");
  const label = { color: text, fontSize: 12 };
  const last = data.scores.length - 1;
  return {
    animation: !matchMedia("(prefers-reduced-motion: reduce)").matches,
    animationDuration: 200,
    textStyle: { fontFamily: token("--font-ui") },
    grid: { left: 36, right: 28, top: 16, bottom: 28 },
    xAxis: {
      type: "category",
      data: data.days,
      boundaryGap: false,
      axisLine: { lineStyle: { color: token("--line-strong") } },
      axisTick: { show: false },
      axisLabel: { ...label, margin: 10, interval: 1 },
    },
    yAxis: {
      type: "value",
      min: data.min,
      max: data.max,
      interval: data.step ?? 5,
      axisLabel: label,
      splitLine: { lineStyle: { color: token("--line") } },
    },
    tooltip: {
      trigger: "axis",
      renderMode: "richText",
      backgroundColor: token("--surface"),
      borderColor: token("--line-strong"),
      textStyle: { color: token("--text"), fontSize: 12 },
      axisPointer: { lineStyle: { color: token("--line-strong") } },
    },
    series: [
      {
        name: data.name,
        type: "line",
        data: data.scores.map((value, index) => ({
          value,
          symbol: index === last ? "circle" : "none",
          symbolSize: 7,
          label: { show: index === last, position: "top", color: token("--text"), fontWeight: 600, fontSize: 13 },
        })),
        showSymbol: true,
        lineStyle: { color: token("--series-1"), width: 2 },
        itemStyle: { color: token("--series-1") },
        areaStyle: { color: token("--data-area"), opacity: 0.35 },
      },
    ],
  };
};

for (const element of document.querySelectorAll("[data-chart]")) {
  const data = JSON.parse(document.getElementById(element.dataset.chart).textContent);
  const chart = echarts.init(element, null, { renderer: "svg" });
  const draw = () => chart.setOption(options(data), true);
  draw();
  new ResizeObserver(() => chart.resize()).observe(element);
  document.addEventListener("theme-changed", draw);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
}
