"""Timing on AI Hub: what is asked for first, what is kept, what is fetched; by a stand-in service, and by the real client.

No response here was recorded from the service, which was never reached. The real client's test speaks to a server on this machine, whose
answers were made by hand of the client's own message types (qai_hub.public_api_pb2, 0.56); it runs where qai-hub is installed.
"""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from dsim.arch import get_preset
from dsim.cli.main import dsim as command
from dsim.confirm.aihub import FOLDER, JOBS, HubJob, HubJobs, Outgoing, failures, options_for, time_on_aihub
from dsim.confirm.aihub_client import AiHub
from dsim.confirm.front import name_of
from dsim.confirm.times import times_of
from dsim.device import find_profile
from dsim.errors import InvalidValueError, UnavailableError
from dsim.graph.onnx import read_onnx
from dsim.records import to_versioned
from dsim.search import Candidate, StudyResult, StudySpec
from dsim.search.files import write_inputs, write_result
from dsim.search.result import Cost

PHONE = "Samsung Galaxy S24"
SUMMARY = {"estimated_inference_time": 1850}  # microseconds, as the client writes them


@dataclass
class StandIn:
    """A service that answers at once; jobs of a design in ``broken`` fail."""

    where: str = "https://hub.example"
    devices: tuple[str, ...] = (PHONE,)
    broken: tuple[str, ...] = ()
    sent: list[tuple[str, ...]] = field(default_factory=list)

    def has(self, device: str) -> bool:
        return device in self.devices

    def compile(self, model: Path, design: str, device: str, options: str) -> str:
        self.sent.append(("compile", str(model), design, device, options))
        return f"jc-{design}"

    def profile(self, compiled: str, design: str, device: str, options: str) -> str:
        self.sent.append(("profile", compiled, design, device, options))
        return f"jp-{design}"

    def wait(self, job: str) -> str:
        return "no such operator" if job.removeprefix("jc-") in self.broken else ""

    def result(self, profiled: str) -> dict[str, Any]:
        layers = [{"name": "a", "type": "conv", "compute_unit": "NPU"}]
        return {"execution_summary": SUMMARY, "execution_detail": layers}


def finished(folder: Path, *presets: str) -> tuple[StudySpec, list[str]]:
    """Write a finished study of some designs; returns it and their names."""
    designs = [
        Candidate(get_preset(name), 1.4, 1.2, 1.7, 0.95, 80.0, 79.0, 81.0, 12_000_000, 10**9)
        for name in presets
    ]
    spec = StudySpec("galaxy-s24-tflite-float", 2.0, name="mine", out=folder)
    write_inputs(spec, "abc", {"latency": "1"})
    write_result(StudyResult(spec, designs[0], tuple(designs), designs[0], (), (), Cost(2.0, 10, 3, 0)))
    return spec, [name_of(one) for one in designs]


def a_study(folder: Path) -> tuple[Path, list[str]]:
    """Write a finished study of two designs, both of which wait to be sent; returns its folder and their names."""
    spec, names = finished(folder, "efficientformer_l1", "efficientformer_l3")
    for name in names:
        model = spec.folder / FOLDER / name / "model.onnx"
        model.parent.mkdir(parents=True)
        model.write_bytes(b"a model")
    jobs = HubJobs(PHONE, "--target_runtime tflite", "", tuple(map(HubJob, names)))
    (spec.folder / FOLDER / JOBS).write_text(json.dumps(to_versioned(jobs, 1)))
    return spec.folder, names


@pytest.mark.parametrize(
    ("device", "options"),
    [
        ("galaxy-s24-tflite-float", ("--target_runtime tflite", "")),
        ("galaxy-s24-onnx-float", ("--target_runtime onnx", "")),
        ("galaxy-s24-qnn-float", ("--target_runtime qnn_context_binary", "")),
        ("galaxy-s10-gpu-tflite", ("--target_runtime tflite", "--compute_unit gpu")),
    ],
)
def test_the_profiles_stack_is_asked_for(device: str, options: tuple[str, str]) -> None:
    asked = options_for(find_profile(device))
    assert (asked.compile_options, asked.profile_options) == options


@pytest.mark.parametrize(
    ("device", "says"), [("iphone12", "is of 'Core ML'"), ("galaxy-s24-qnn-w8a8", "in float alone")]
)
def test_what_it_cannot_time_is_refused(device: str, says: str) -> None:
    with pytest.raises(InvalidValueError, match=says):
        options_for(find_profile(device))


def test_nothing_is_sent_without_a_yes_and_nothing_twice(tmp_path: Path) -> None:
    study, names = a_study(tmp_path)
    asked: list[Outgoing] = []

    def agree(outgoing: Outgoing) -> bool:
        asked.append(outgoing)
        return len(asked) > 1

    service = StandIn()
    assert time_on_aihub(study, service, agree) == ()
    assert not service.sent
    assert [path.parent.name for path in asked[0].files] == names
    assert (asked[0].size_bytes, asked[0].where, asked[0].jobs.device) == (14, "https://hub.example", PHONE)
    files = time_on_aihub(study, service, agree)
    assert [one[0] for one in service.sent] == ["compile", "compile", "profile", "profile"]
    assert times_of(files, names) == ({0: [1.85], 1: [1.85]}, set(), ())
    # once more: the results are there, and nobody is asked
    assert time_on_aihub(study, StandIn(devices=()), lambda _: pytest.fail("asked again")) == files


def test_a_run_that_was_interrupted_sends_the_rest(tmp_path: Path) -> None:
    study, names = a_study(tmp_path)

    class Breaks(StandIn):
        def compile(self, model: Path, design: str, device: str, options: str) -> str:
            if self.sent:
                raise UnavailableError("the line broke")
            return super().compile(model, design, device, options)

    with pytest.raises(UnavailableError):
        time_on_aihub(study, Breaks(), lambda _: True)
    service = StandIn()
    time_on_aihub(study, service, lambda outgoing: [path.parent.name for path in outgoing.files] == names[1:])
    assert [one[2] for one in service.sent if one[0] == "compile"] == names[1:]


def test_a_design_that_fails_is_named_and_the_others_count(tmp_path: Path) -> None:
    study, names = a_study(tmp_path)
    files = time_on_aihub(study, StandIn(broken=(names[0],)), lambda _: True)
    assert [path.stem for path in files] == names[1:]
    assert failures(study) == (f"{names[0]}: compiling: no such operator",)


@pytest.mark.slow
def test_the_first_run_sends_the_plan_and_more_what_comes_next(tmp_path: Path) -> None:
    spec, names = finished(tmp_path, "efficientformer_l1", "efficientformer_l3", "poolformer_s12")
    service = StandIn()
    files = time_on_aihub(spec.folder, service, lambda _: True)
    assert sorted(path.stem for path in files) == sorted(names)  # three designs, and three is the least
    for one in service.sent[:3]:
        assert read_onnx(Path(one[1])).macs > 10**8
        assert one[3:] == (PHONE, "--target_runtime tflite")
    # all are timed: nothing is left to send, whatever the answer
    assert sorted(time_on_aihub(spec.folder, StandIn(devices=()), lambda _: False, more=True)) == sorted(
        files
    )


def test_other_jobs_and_devices_are_told_apart(tmp_path: Path) -> None:
    study, _ = a_study(tmp_path)
    with pytest.raises(InvalidValueError, match=r"were sent for Samsung Galaxy S24 .* asked is Some Phone"):
        time_on_aihub(study, StandIn(), lambda _: True, device="Some Phone")
    with pytest.raises(InvalidValueError, match="none named 'Samsung Galaxy S24'"):
        time_on_aihub(study, StandIn(devices=()), lambda _: True)


def test_the_command_needs_the_client_and_a_terminal_or_a_yes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study, _ = a_study(tmp_path)
    for options, says in (
        (["--submit", "aihub", "--results", "a"], "leave out --out and --results"),
        (["--yes"], "they need --submit aihub"),
    ):
        done = CliRunner().invoke(command, ["confirm", str(study), *options])
        assert done.exit_code == 2
        assert says in " ".join(done.output.split())
    monkeypatch.setitem(sys.modules, "qai_hub", None)  # as where it is not installed
    done = CliRunner().invoke(command, ["confirm", str(study), "--submit", "aihub"])
    assert done.exit_code == 1
    assert "pip install 'dsim[aihub]'" in done.output


def test_no_token_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("qai_hub")
    study, _ = a_study(tmp_path)
    monkeypatch.setenv("QAIHUB_CLIENT_INI", str(tmp_path / "none.ini"))
    done = CliRunner().invoke(command, ["confirm", str(study), "--submit", "aihub"])
    assert done.exit_code == 1
    assert done.output.startswith("Error: AI Hub needs a token")
    assert len(done.output.splitlines()) == 1


@pytest.fixture
def served() -> Iterator[tuple[str, list[str]]]:
    """Serve answers made of the client's own message types; yields the address, and what was asked."""
    pb = pytest.importorskip("qai_hub.public_api_pb2")
    asked: list[str] = []
    phone = pb.Device(name=PHONE, os="14", attributes=["framework:tflite", "framework:onnx", "os:android"])
    done, model = pb.JobState.JOB_STATE_DONE, pb.Model(model_id="m1", model_type=pb.ModelType.MODEL_TYPE_ONNX)
    target = pb.Model(model_id="t1", model_type=pb.ModelType.MODEL_TYPE_TFLITE)
    layers = [
        pb.LayerDetail(name="conv", layer_type_name="CONV_2D", compute_unit=pb.ComputeUnit.COMPUTE_UNIT_NPU)
    ] * 3
    answers = {
        "GET devices": pb.DeviceList(devices=[phone]),
        "POST models": pb.CreateUpdateResponse(id="m1"),
        "POST models/m1/multipart_upload": pb.CreateUpdateResponse(id="m1"),
        "GET jobs/jc1": pb.Job(
            compile_job=pb.CompileJob(
                compile_job_id="jc1", job_state=done, model=model, target_model=target, device=phone
            )
        ),
        "GET jobs/jp1": pb.Job(
            inference_job=pb.InferenceJob(
                inference_job_id="jp1", job_state=done, model=target, device=phone, is_profiling_on=True
            )
        ),
        "GET jobs/jp1/result": pb.JobResult(
            inference_job_result=pb.InferenceJobResult(
                detail=pb.ProfileDetail(
                    execution_time=1850, major_version=1, minor_version=2, layer_details=layers
                )
            )
        ),
    }

    class Answers(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            what = self.path.partition("?")[0].removeprefix("/api/v1").strip("/")
            asked.append(f"{self.command} {what}")
            if what == "upload":
                message = None
            elif asked[-1] == "GET models/m1/multipart_upload":
                url = f"http://127.0.0.1:{server.server_port}/upload"
                parts = pb.FileMultipartUploadURL(urls=[url], upload_id="u", max_part_size=10**9)
                message = pb.FileUploadResponse(multipart_url=parts)
            elif asked[-1] == "POST jobs":
                kind = pb.Job.FromString(body).WhichOneof("job")
                message = pb.CreateUpdateResponse(id={"compile_job": "jc1"}.get(kind, "jp1"))
            else:
                message = answers[asked[-1]]
            content = message.SerializeToString() if message else b""
            self.send_response(200)
            self.send_header("Content-Type", "application/x-protobuf")
            self.send_header("ETag", '"1"')
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = _answer  # noqa: N815 -- the names that http.server looks for

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    server.server_close()
    thread.join()


def test_the_real_client_sends_waits_and_fetches(tmp_path: Path, served: tuple[str, list[str]]) -> None:
    import qai_hub

    url, asked = served
    config = qai_hub.client.ClientConfig(api_url=url, web_url=url, api_token="made up", verbose=False)
    service = AiHub(qai_hub, qai_hub.Client(config=config))
    model = tmp_path / "model.onnx"
    model.write_bytes(b"a model")
    assert service.where == url
    assert service.has(PHONE)
    compiled = service.compile(model, "design-00000000", PHONE, "--target_runtime tflite")
    assert service.wait(compiled) == ""
    profiled = service.profile(compiled, "design-00000000", PHONE, "")
    assert service.wait(profiled) == ""
    result = tmp_path / "design-00000000.json"
    result.write_text(json.dumps(service.result(profiled)))
    assert times_of([result], ["design-00000000"]) == ({0: [1.85]}, set(), ())
    assert asked.count("PUT upload") == 1
    assert asked.count("POST jobs") == 2
