"use strict";
const form = document.getElementById("question");
const code = document.getElementById("code");
const outcome = document.getElementById("outcome");
const plain = (text) => text.replace(/[\s-]/g, "").toLowerCase();

code.value = plain(location.hash.slice(1));

function say(text, isProblem) {
  outcome.textContent = text;
  outcome.className = isProblem ? "problem" : "banner";
  outcome.hidden = false;
}

async function send(answer) {
  const token = plain(code.value);
  if (!/^[0-9a-z]{20}$/.test(token)) {
    say("代码应为 20 位字母和数字，请对照短信再看一下。", true);
    return;
  }
  const body = { token, solved: answer !== "none", satisfied: answer === "both" };
  const headers = { "Content-Type": "application/json" };
  const reply = await fetch("/api/v1/complaint-follow-ups", { method: "POST", headers, body: JSON.stringify(body) });
  if (reply.ok) {
    form.hidden = true;
    say(answer === "both" ? "谢谢，已记下。" : "谢谢，已记下，我们会按规定继续处理。", false);
  } else if (reply.status === 404 || reply.status === 409) {
    say("代码不对、已经用过，或已过答复时间。仍要反映，请致电社区热线。", true);
  } else if (reply.status === 429) {
    say("提交太频繁，请过一分钟再试。", true);
  } else {
    say("暂时没有提交成功，请稍后再试。", true);
  }
}

// Enter answers nothing: which of the three it would mean, nobody said.
form.addEventListener("submit", (event) => event.preventDefault());
for (const button of form.querySelectorAll("button")) {
  button.addEventListener("click", () => {
    send(button.value).catch(() => say("网络不通，请稍后再试。", true));
  });
}
