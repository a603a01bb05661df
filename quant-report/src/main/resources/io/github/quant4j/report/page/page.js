"use strict";
(() => {
  const read = (id) => JSON.parse(document.getElementById(id).textContent);
  const figures = read("figures");
  const colours = read("colours");
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const symbols = ["circle", "rect", "triangle", "diamond", "roundRect", "pin"];
  const charts = [];

  const escape = (text) =>
    String(text).replace(/[&<>"]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[c]);

  const short = (value) => {
    if (value === 0) {
      return "0";
    }
    const size = Math.abs(value);
    for (const [unit, letter] of [[1e12, "T"], [1e9, "G"], [1e6, "M"], [1e3, "k"]]) {
      if (size >= unit) {
        return +(value / unit).toPrecision(4) + " " + letter;
      }
    }
    return size < 1e-3 ? value.toExponential(2) : String(+value.toPrecision(4));
  };

  const isNarrow = () => window.innerWidth < 640;

  const axis = (palette, spec, more) => ({
    type: spec.logarithmic ? "log" : "value",
    name: spec.label,
    nameLocation: "middle",
    nameTextStyle: { color: palette.ink },
    axisLabel: { color: palette.ink, formatter: short, hideOverlap: true },
    axisLine: { show: true, lineStyle: { color: palette.lines } },
    splitLine: { lineStyle: { color: palette.lines, opacity: 0.6 } },
    minorSplitLine: { show: false },
    ...more,
  });

  // What all names begin with, such as "model.layers.", says nothing and is dropped.
  const shared = (labels) => {
    let prefix = labels.length > 1 ? labels[0] : "";
    for (const label of labels) {
      while (!label.startsWith(prefix)) {
        prefix = prefix.slice(0, -1);
      }
    }
    return prefix.slice(0, prefix.lastIndexOf(".") + 1);
  };

  const names = (palette, labels, more) => ({
    type: "category",
    data: labels.map((label) => label.slice(shared(labels).length)),
    axisLabel: {
      color: palette.ink,
      interval: 0,
      width: isNarrow() ? 120 : 300,
      overflow: "truncate",
    },
    axisLine: { lineStyle: { color: palette.lines } },
    axisTick: { show: false },
    ...more,
  });

  const base = (palette) => ({
    animation: false,
    backgroundColor: "transparent",
    color: palette.series,
    textStyle: { color: palette.ink, fontFamily: "system-ui, sans-serif" },
    legend: { top: isNarrow() ? 26 : 0, left: 0, textStyle: { color: palette.ink } },
    toolbox: {
      right: 0,
      top: 0,
      iconStyle: { borderColor: palette.ink },
      feature: { dataZoom: { title: { zoom: "Enlarge a part", back: "Back" } }, restore: { title: "All" } },
    },
    tooltip: {
      trigger: "item",
      confine: true,
      backgroundColor: palette.paper,
      borderColor: palette.lines,
      textStyle: { color: palette.ink },
      extraCssText: "max-width: 80vw; white-space: normal; overflow-wrap: anywhere;",
    },
    grid: { left: 20, right: 16, top: isNarrow() ? 84 : 44, bottom: 8, containLabel: true },
  });

  const kinds = {
    scatter(figure, palette) {
      const option = base(palette);
      option.grid = { ...option.grid, left: 34, right: 24, bottom: 34 };
      option.xAxis = axis(palette, figure.x, { nameGap: 28, scale: true });
      option.yAxis = axis(palette, figure.y, { nameGap: 46, scale: true });
      option.tooltip.formatter = (at) =>
        at.seriesType === "line"
          ? "Pareto front"
          : `<b>${escape(at.data[2])}</b><br>${escape(figure.x.label)}: ${short(at.data[0])}<br>` +
            `${escape(figure.y.label)}: ${short(at.data[1])}`;
      option.series = figure.series.map((each, i) => ({
        type: "scatter",
        name: each.name,
        data: each.points,
        symbol: symbols[i % symbols.length],
        symbolSize: isNarrow() ? 13 : 11,
        z: 3,
        itemStyle: { borderColor: palette.paper, borderWidth: 1 },
      }));
      option.series.push({
        type: "line",
        name: "Pareto front",
        data: figure.front,
        symbol: "none",
        lineStyle: { color: palette.ink, type: "dashed", width: 1.5 },
        itemStyle: { color: palette.ink },
        z: 2,
      });
      return { option };
    },

    bars(figure, palette) {
      const option = base(palette);
      option.legend.show = figure.series.length > 1;
      option.grid.bottom = 30;
      option.xAxis = axis(palette, figure.axis, { nameGap: 26 });
      option.yAxis = names(palette, figure.labels, { inverse: true });
      option.toolbox.feature.dataZoom.yAxisIndex = "none";
      option.tooltip.formatter = (at) =>
        `<b>${escape(figure.labels[at.dataIndex])}</b><br>${escape(at.seriesName)}: ${short(at.value)}`;
      // Bars of a logarithmic axis begin nowhere, so there are marks at their ends alone.
      option.series = figure.series.map((each, i) =>
        figure.axis.logarithmic
          ? {
              type: "scatter",
              name: each.name,
              data: each.values.map((value, at) => [value, at]).filter((mark) => mark[0] !== null),
              symbol: symbols[i % symbols.length],
              symbolSize: 9,
            }
          : {
              type: "bar",
              name: each.name,
              data: each.values,
              barGap: "10%",
              barCategoryGap: "25%",
            },
      );
      if (figure.axis.logarithmic) {
        option.xAxis.scale = true;
        option.yAxis.splitLine = { show: true, lineStyle: { color: palette.lines, opacity: 0.6 } };
        option.tooltip.formatter = (at) =>
          `<b>${escape(figure.labels[at.value[1]])}</b><br>${escape(at.seriesName)}: ${short(at.value[0])}`;
      }
      return { option, height: 90 + figure.labels.length * Math.max(18, 13 * figure.series.length) };
    },

    heat(figure, palette) {
      const option = base(palette);
      const scaled = (value) => (figure.axis.logarithmic ? Math.log10(value) : value);
      const values = figure.fields.map((field) => scaled(field[2]));
      let low = Math.min(...values);
      let high = Math.max(...values);
      if (!(low < high)) {
        low -= 0.5;
        high += 0.5;
      }
      option.legend.show = false;
      option.toolbox.show = false;
      option.grid = { left: 20, right: 16, top: 8, bottom: 62, containLabel: true };
      option.xAxis = names(palette, figure.columns, { position: "top" });
      option.xAxis.axisLabel.rotate = isNarrow() || figure.columns.length > 8 ? 60 : 0;
      option.xAxis.axisLabel.width = 150;
      option.yAxis = names(palette, figure.rows, { inverse: true });
      option.visualMap = {
        min: low,
        max: high,
        dimension: 2,
        calculable: true,
        orient: "horizontal",
        left: "center",
        bottom: 0,
        inRange: { color: colours.scale },
        textStyle: { color: palette.ink },
        formatter: (value) => short(figure.axis.logarithmic ? 10 ** value : value),
      };
      option.tooltip.formatter = (at) =>
        `<b>${escape(figure.rows[at.data[1]])} ${escape(figure.columns[at.data[0]])}</b><br>` +
        `${escape(figure.axis.label)}: ${short(at.data[3])}`;
      option.series = [
        {
          type: "heatmap",
          data: figure.fields.map((field, i) => [field[0], field[1], values[i], field[2]]),
          itemStyle: { borderColor: palette.paper, borderWidth: 1 },
        },
      ];
      return { option, height: 170 + figure.rows.length * 26 };
    },

    histogram(figure, palette) {
      const option = base(palette);
      const count = figure.series[0].shares.length;
      const edge = (i) => figure.from + ((figure.to - figure.from) * i) / count;
      option.grid = { ...option.grid, left: 34, bottom: 34 };
      option.xAxis = axis(palette, figure.axis, { nameGap: 28, min: figure.from, max: figure.to });
      option.yAxis = axis(palette, { label: "share of values", logarithmic: false }, { nameGap: 48 });
      option.tooltip.trigger = "axis";
      option.tooltip.formatter = (all) =>
        `${short(all[0].data[0])}<br>` +
        all.map((at) => `${at.marker}${escape(at.seriesName)}: ${short(at.data[1])}`).join("<br>");
      option.series = figure.series.map((each, i) => ({
        type: "line",
        name: each.name,
        // Each point ends its interval, so that the step is at the interval's start.
        step: "start",
        showSymbol: false,
        areaStyle: { opacity: 0.2 },
        lineStyle: { width: 1.5, type: i % 2 === 0 ? "solid" : "dashed" },
        data: [[edge(0), each.shares[0]]].concat(each.shares.map((share, b) => [edge(b + 1), share])),
      }));
      return { option };
    },
  };

  const draw = () => {
    const palette = dark.matches ? colours.dark : colours.light;
    figures.forEach((figure, i) => {
      const element = document.getElementById("figure-" + i);
      const { option, height } = kinds[figure.kind](figure, palette);
      if (height) {
        element.style.height = height + "px";
      }
      if (charts[i]) {
        charts[i].dispose();
      }
      charts[i] = echarts.init(element, null, { renderer: "svg" });
      charts[i].setOption(option);
      element.dataset.drawn = figure.marks;
    });
  };

  const compare = (a, b) => {
    const x = a.dataset.value;
    const y = b.dataset.value;
    if (x !== undefined && y !== undefined) {
      return Number(x) - Number(y);
    }
    if (x !== undefined || y !== undefined) {
      return x === undefined ? 1 : -1;
    }
    return a.textContent.localeCompare(b.textContent);
  };

  document.querySelectorAll("table").forEach((table) => {
    const heads = [...table.querySelectorAll("th")];
    heads.forEach((head, column) => {
      head.querySelector("button").addEventListener("click", () => {
        const descending = head.getAttribute("aria-sort") === "ascending";
        heads.forEach((other) => other.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", descending ? "descending" : "ascending");
        const body = table.tBodies[0];
        const rows = [...body.rows];
        rows.sort((a, b) => (descending ? -1 : 1) * compare(a.cells[column], b.cells[column]));
        rows.forEach((row) => body.append(row));
      });
    });
  });

  if (figures.length > 0) {
    draw();
    dark.addEventListener("change", draw);
    let width = window.innerWidth;
    window.addEventListener("resize", () => {
      if (window.innerWidth !== width) {
        width = window.innerWidth;
        draw();
      }
    });
  }
})();
