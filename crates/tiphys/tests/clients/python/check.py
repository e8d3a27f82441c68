"""The Python client against a running cluster: typed, dynamic, watch, exec, custom resources.

Arguments: kubeconfig, namespace (which exists and is empty). Ends with a traceback where something is not as upstream's.
"""

import sys
import threading

from kubernetes import client, config, dynamic, utils, watch
from kubernetes.client.rest import ApiException
from kubernetes.dynamic.exceptions import ConflictError, NotFoundError
from kubernetes.stream import stream

KUBECONFIG, NAMESPACE = sys.argv[1:3]
PATIENCE_S = 120


def equal(found, wanted):
    assert found == wanted, f"{found!r} is not {wanted!r}"


def fails(status, reason, call, *arguments, **named):
    try:
        call(*arguments, **named)
    except ApiException as error:
        equal((error.status, error.reason), (status, reason))
        return error
    raise AssertionError(f"{call.__name__} should have failed with {status}")


def typed(core):
    """Typed models there and back, and every kind of patch that the client sends."""
    body = client.V1ConfigMap(
        metadata=client.V1ObjectMeta(name="typed", labels={"from": "python"}), data={"a": "1"}
    )
    made = core.create_namespaced_config_map(NAMESPACE, body)
    equal(made.data, {"a": "1"})
    assert made.metadata.uid and made.metadata.creation_timestamp.tzinfo is not None
    fails(409, "Conflict", core.create_namespaced_config_map, NAMESPACE, body)
    fails(404, "Not Found", core.read_namespaced_config_map, "absent", NAMESPACE)
    patched = core.patch_namespaced_config_map("typed", NAMESPACE, {"data": {"b": "2"}})
    equal(patched.data, {"a": "1", "b": "2"})
    patched = core.patch_namespaced_config_map(
        "typed", NAMESPACE, [{"op": "remove", "path": "/data/a"}]
    )
    equal(patched.data, {"b": "2"})
    made.data = {"c": "3"}
    fails(409, "Conflict", core.replace_namespaced_config_map, "typed", NAMESPACE, made)
    patched.data = {"c": "3"}
    replaced = core.replace_namespaced_config_map("typed", NAMESPACE, patched)
    equal(replaced.data, {"c": "3"})
    bad = client.V1ConfigMap(metadata=client.V1ObjectMeta(name="Not A Name"))
    error = fails(422, "Unprocessable Entity", core.create_namespaced_config_map, NAMESPACE, bad)
    assert "RFC 1123 subdomain" in error.body
    status = core.delete_namespaced_config_map("typed", NAMESPACE)
    equal(status["status"], "Success")


def pages(core):
    """A list in pages has everything once."""
    for number in range(7):
        name = f"page-{number}"
        labels = {"set": "pages"}
        body = client.V1ConfigMap(metadata=client.V1ObjectMeta(name=name, labels=labels))
        core.create_namespaced_config_map(NAMESPACE, body)
    names, token = [], None
    while True:
        page = core.list_namespaced_config_map(
            NAMESPACE, label_selector="set=pages", limit=3, _continue=token
        )
        names += [item.metadata.name for item in page.items]
        token = page.metadata._continue
        if not token:
            break
    equal(names, [f"page-{number}" for number in range(7)])
    core.delete_collection_namespaced_config_map(NAMESPACE, label_selector="set=pages")
    left = core.list_namespaced_config_map(NAMESPACE, label_selector="set=pages")
    equal(left.items, [])


def watching(core):
    """A watch from a list's version sees each change once, in order."""
    start = core.list_namespaced_secret(NAMESPACE).metadata.resource_version

    def change():
        body = client.V1Secret(metadata=client.V1ObjectMeta(name="watched"), string_data={"k": "v"})
        core.create_namespaced_secret(NAMESPACE, body)
        core.patch_namespaced_secret("watched", NAMESPACE, {"metadata": {"labels": {"x": "y"}}})
        core.delete_namespaced_secret("watched", NAMESPACE)

    writer = threading.Thread(target=change)
    seen = []
    stream_of = watch.Watch().stream(
        core.list_namespaced_secret,
        NAMESPACE,
        resource_version=start,
        timeout_seconds=PATIENCE_S,
    )
    writer.start()
    for event in stream_of:
        seen.append((event["type"], event["object"].metadata.labels))
        if event["type"] == "DELETED":
            break
    writer.join()
    equal(seen, [("ADDED", None), ("MODIFIED", {"x": "y"}), ("DELETED", {"x": "y"})])


def any_kind(cluster):
    """Discovery, server-side apply and conflicts through the dynamic client."""
    deployments = cluster.resources.get(api_version="apps/v1", kind="Deployment")
    container = {"name": "main", "image": "tiphys.test/nginx:1"}
    body = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "applied"},
        "spec": {
            "replicas": 0,
            "selector": {"matchLabels": {"app": "applied"}},
            "template": {
                "metadata": {"labels": {"app": "applied"}},
                "spec": {"containers": [container]},
            },
        },
    }
    made = deployments.server_side_apply(namespace=NAMESPACE, body=body, field_manager="one")
    equal(made.spec.template.spec.containers[0].terminationMessagePath, "/dev/termination-log")
    body["spec"]["replicas"] = 1
    try:
        deployments.server_side_apply(namespace=NAMESPACE, body=body, field_manager="two")
        raise AssertionError("two managers of one field should conflict")
    except ConflictError as error:
        assert "conflict with" in str(error.body), error.body
    forced = deployments.server_side_apply(
        namespace=NAMESPACE, body=body, field_manager="two", force_conflicts=True
    )
    equal(forced.spec.replicas, 1)
    assert {"one", "two"} <= {entry.manager for entry in forced.metadata.managedFields}
    deployments.delete(name="applied", namespace=NAMESPACE)


def custom(cluster):
    """A custom resource is there as soon as its definition says so."""
    definitions = cluster.resources.get(
        api_version="apiextensions.k8s.io/v1", kind="CustomResourceDefinition"
    )
    group = f"{NAMESPACE}.python.test"
    name = f"boats.{group}"
    schema = {
        "type": "object",
        "properties": {
            "spec": {
                "type": "object",
                "required": ["oars"],
                "properties": {
                    "oars": {"type": "integer", "minimum": 1},
                    "name": {"type": "string", "default": "Argo"},
                },
            }
        },
    }
    definitions.create(
        body={
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": {"name": name},
            "spec": {
                "group": group,
                "scope": "Namespaced",
                "names": {"plural": "boats", "singular": "boat", "kind": "Boat"},
                "versions": [
                    {
                        "name": "v1",
                        "served": True,
                        "storage": True,
                        "schema": {"openAPIV3Schema": schema},
                    }
                ],
            },
        }
    )
    for event in definitions.watch(name=name, timeout=PATIENCE_S):
        conditions = event["object"].status.conditions or []
        if any(c.type == "Established" and c.status == "True" for c in conditions):
            break
    cluster.resources.invalidate_cache()
    boats = cluster.resources.get(api_version=f"{group}/v1", kind="Boat")
    boat = {
        "apiVersion": f"{group}/v1",
        "kind": "Boat",
        "metadata": {"name": "argo"},
        "spec": {"oars": 50, "unknown": True},
    }
    made = boats.create(namespace=NAMESPACE, body=boat)
    equal(made.spec.to_dict(), {"oars": 50, "name": "Argo"})
    boat["metadata"]["name"], boat["spec"]["oars"] = "raft", 0
    try:
        boats.create(namespace=NAMESPACE, body=boat)
        raise AssertionError("a boat without oars should be refused")
    except ApiException as error:
        equal(error.status, 422)
        assert "should be greater than or equal to 1" in str(error.body), error.body
    equal([item.metadata.name for item in boats.get(namespace=NAMESPACE).items], ["argo"])
    definitions.delete(name=name)
    try:
        for event in definitions.watch(name=name, timeout=PATIENCE_S):
            if event["type"] == "DELETED":
                break
        definitions.get(name=name)
        raise AssertionError("the definition should be gone")
    except NotFoundError:
        pass


def running(core):
    """A pod from a manifest; a command in it, its output, its input and its exit code; its log."""
    manifest = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "runs"},
        "spec": {
            "terminationGracePeriodSeconds": 1,
            "containers": [
                {
                    "name": "main",
                    "image": "tiphys.test/busybox:1",
                    "command": ["sh", "-c", "echo up; exec tail -f /dev/null"],
                }
            ],
        },
    }
    utils.create_from_dict(core.api_client, manifest, namespace=NAMESPACE)
    for event in watch.Watch().stream(
        core.list_namespaced_pod,
        NAMESPACE,
        field_selector="metadata.name=runs",
        timeout_seconds=PATIENCE_S,
    ):
        if event["object"].status.phase == "Running":
            break
    else:
        raise AssertionError("the pod does not run")
    command = ["sh", "-c", "read line; echo got $line; echo wrong >&2; exit 3"]
    talk = stream(
        core.connect_get_namespaced_pod_exec,
        "runs",
        NAMESPACE,
        command=command,
        stdin=True,
        stdout=True,
        stderr=True,
        tty=False,
        _preload_content=False,
    )
    talk.write_stdin("hello\n")
    talk.run_forever(timeout=PATIENCE_S)
    equal((talk.read_stdout(), talk.read_stderr()), ("got hello\n", "wrong\n"))
    equal(talk.returncode, 3)
    equal(core.read_namespaced_pod_log("runs", NAMESPACE), "up\n")
    core.delete_namespaced_pod("runs", NAMESPACE)


def main():
    config.load_kube_config(KUBECONFIG)
    core = client.CoreV1Api()
    typed(core)
    pages(core)
    watching(core)
    running(core)
    # Streams leave their WebSocket transport in the client that they used.
    config.load_kube_config(KUBECONFIG)
    cluster = dynamic.DynamicClient(client.ApiClient())
    any_kind(cluster)
    custom(cluster)
    print("all is as it should be")


main()
