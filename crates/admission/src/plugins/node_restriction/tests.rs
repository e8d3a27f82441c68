use super::labels;
use schema::value;

#[test]
fn a_kubelet_sets_its_own_labels_only() {
    let new = value!({
        "mine": "x", "example.com/a": "b", "kubernetes.io/hostname": "n", "foo.kubelet.kubernetes.io/a": "b",
        "node-restriction.kubernetes.io/a": "b", "example.k8s.io/a": "b", "old.k8s.io/same": "b"
    });
    let old = value!({ "old.k8s.io/same": "b", "gone.kubernetes.io/a": "b" });
    assert_eq!(
        labels::forbidden(labels::modified(&new, &old)),
        ["example.k8s.io/a", "gone.kubernetes.io/a", "node-restriction.kubernetes.io/a"]
    );
}
