// The JavaScript client against a running cluster: typed calls, patches, watch, informer, custom objects.
//
// Arguments: kubeconfig, namespace (which exists and is empty). Ends with a failed assertion where something is not as
// upstream's.

import assert from 'node:assert/strict';
import * as k8s from '@kubernetes/client-node';

const [kubeconfig, namespace] = process.argv.slice(2);
const PATIENCE_MS = 120_000;

const config = new k8s.KubeConfig();
config.loadFromFile(kubeconfig);
const core = config.makeApiClient(k8s.CoreV1Api);

/** Rejects where `promise` takes longer than anything may. */
function soon(what, promise) {
    let timer;
    const late = new Promise((_, reject) => {
        timer = setTimeout(() => reject(new Error(`${what}: not in time`)), PATIENCE_MS);
    });
    return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

async function failsWith(code, call) {
    await assert.rejects(call, (error) => {
        assert.equal(error.code, code);
        return true;
    });
}

async function typed() {
    const body = { metadata: { name: 'typed', labels: { from: 'javascript' } }, data: { a: '1' } };
    const made = await core.createNamespacedConfigMap({ namespace, body });
    assert.deepEqual(made.data, { a: '1' });
    assert.ok(made.metadata.creationTimestamp instanceof Date);
    await failsWith(409, () => core.createNamespacedConfigMap({ namespace, body }));
    await failsWith(404, () => core.readNamespacedConfigMap({ name: 'absent', namespace }));
    const jsonPatch = [{ op: 'add', path: '/data/b', value: '2' }];
    const patched = await core.patchNamespacedConfigMap(
        { name: 'typed', namespace, body: jsonPatch },
        k8s.setHeaderOptions('Content-Type', k8s.PatchStrategy.JsonPatch),
    );
    assert.deepEqual(patched.data, { a: '1', b: '2' });
    const merged = await core.patchNamespacedConfigMap(
        { name: 'typed', namespace, body: { data: { a: null } } },
        k8s.setHeaderOptions('Content-Type', k8s.PatchStrategy.StrategicMergePatch),
    );
    assert.deepEqual(merged.data, { b: '2' });
    const list = await core.listNamespacedConfigMap({ namespace, labelSelector: 'from=javascript' });
    assert.deepEqual(list.items.map((item) => item.metadata.name), ['typed']);
    assert.equal((await core.deleteNamespacedConfigMap({ name: 'typed', namespace })).status, 'Success');
}

async function watched() {
    const seen = [];
    const watch = new k8s.Watch(config);
    const path = `/api/v1/namespaces/${namespace}/secrets`;
    let finish;
    const done = new Promise((resolve, reject) => (finish = { resolve, reject }));
    const start = (await core.listNamespacedSecret({ namespace })).metadata.resourceVersion;
    const request = await watch.watch(
        path,
        { resourceVersion: start },
        (type) => {
            seen.push(type);
            if (type === 'DELETED') finish.resolve();
        },
        (error) => (error ? finish.reject(error) : finish.resolve()),
    );
    await core.createNamespacedSecret({ namespace, body: { metadata: { name: 'w' }, stringData: { k: 'v' } } });
    await core.deleteNamespacedSecret({ name: 'w', namespace });
    await soon('the events of a watch', done);
    request.abort();
    assert.deepEqual(seen, ['ADDED', 'DELETED']);
}

async function informed() {
    const list = () => core.listNamespacedService({ namespace });
    const informer = k8s.makeInformer(config, `/api/v1/namespaces/${namespace}/services`, list);
    const added = new Promise((resolve) => informer.on('add', resolve));
    informer.on('error', (error) => {
        // The client tells so of its own stop.
        if (error?.type !== 'aborted') throw error;
    });
    await informer.start();
    const body = { metadata: { name: 'seen' }, spec: { ports: [{ port: 80 }] } };
    const made = await core.createNamespacedService({ namespace, body });
    assert.match(made.spec.clusterIP, /^\d+\.\d+\.\d+\.\d+$/);
    const service = await soon('the informer', added);
    assert.equal(service.metadata.name, 'seen');
    assert.equal(informer.get('seen', namespace).spec.clusterIP, made.spec.clusterIP);
    await informer.stop();
    await core.deleteNamespacedService({ name: 'seen', namespace });
}

/** Any object through KubernetesObjectApi, applied by the server. */
async function applied() {
    const objects = k8s.KubernetesObjectApi.makeApiClient(config);
    const role = {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'Role',
        metadata: { name: 'applied', namespace },
        rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }],
    };
    const made = await objects.patch(role, undefined, undefined, 'js', true, k8s.PatchStrategy.ServerSideApply);
    assert.deepEqual(JSON.parse(JSON.stringify(made.rules)), role.rules);
    assert.equal(made.metadata.managedFields[0].operation, 'Apply');
    assert.equal((await objects.read(role)).metadata.uid, made.metadata.uid);
    await objects.delete(role);
    await failsWith(404, () => objects.read(role));
}

async function custom() {
    const group = `${namespace}.javascript.test`;
    const definitions = config.makeApiClient(k8s.ApiextensionsV1Api);
    const name = `boats.${group}`;
    const openAPIV3Schema = {
        type: 'object',
        properties: { spec: { type: 'object', properties: { oars: { type: 'integer' } } } },
    };
    await definitions.createCustomResourceDefinition({
        body: {
            metadata: { name },
            spec: {
                group,
                scope: 'Namespaced',
                names: { plural: 'boats', kind: 'Boat' },
                versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema } }],
            },
        },
    });
    const established = async () => {
        for (;;) {
            const { status } = await definitions.readCustomResourceDefinition({ name });
            if (status?.conditions?.some((c) => c.type === 'Established' && c.status === 'True')) return;
        }
    };
    await soon('the definition', established());
    const boats = config.makeApiClient(k8s.CustomObjectsApi);
    const place = { group, version: 'v1', namespace, plural: 'boats' };
    const body = { apiVersion: `${group}/v1`, kind: 'Boat', metadata: { name: 'argo' }, spec: { oars: 50 } };
    const made = await boats.createNamespacedCustomObject({ ...place, body });
    assert.equal(made.spec.oars, 50);
    const wrong = { ...body, metadata: { name: 'raft' }, spec: { oars: 'many' } };
    await failsWith(422, () => boats.createNamespacedCustomObject({ ...place, body: wrong }));
    assert.equal((await boats.listNamespacedCustomObject(place)).items.length, 1);
    await definitions.deleteCustomResourceDefinition({ name });
}

await typed();
await watched();
await informed();
await applied();
await custom();
console.log('all is as it should be');
