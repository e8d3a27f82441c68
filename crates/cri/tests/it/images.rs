//! Archives become images, once.

use std::path::Path;

use cri::images::{ImportConfig, import_directory};
use cri::v1;

use crate::archive::ImageArchive;
use crate::node::{TEST_IMAGE, TestNode};

fn spec(reference: &str) -> v1::ImageSpec {
    v1::ImageSpec { image: reference.to_owned(), ..Default::default() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn archives_are_imported_once_and_again_when_the_image_is_gone() {
    let node = TestNode::new("images");
    node.write_images();
    let (containerd, client) = node.start().await;

    let first = node.import(&client).await;
    let imported: Vec<_> = first.imported.iter().flat_map(|(_, references)| references).collect();
    assert_eq!(imported, [TEST_IMAGE, "tiphys.test/pause:1"]);
    let image = client.image_status(spec(TEST_IMAGE)).await.unwrap().unwrap();
    assert_eq!(image.repo_tags, [TEST_IMAGE]);
    assert!(image.repo_digests[0].starts_with("tiphys.test/busybox@sha256:"), "{:?}", image.repo_digests);

    let second = node.import(&client).await;
    assert_eq!((second.imported.len(), second.present.len()), (0, 2));

    client.remove_image(spec(TEST_IMAGE)).await.unwrap();
    assert!(client.image_status(spec(TEST_IMAGE)).await.unwrap().is_none());
    let third = node.import(&client).await;
    assert_eq!((third.imported.len(), third.present.len()), (1, 1));

    // Another image under the same name replaces the first.
    let archive = node.images_directory().join("busybox.tar");
    ImageArchive::of_busybox(TEST_IMAGE, &["/bin/cat"]).write(&archive);
    let fourth = node.import(&client).await;
    assert_eq!(fourth.imported.len(), 1);
    let replaced = client.image_status(spec(TEST_IMAGE)).await.unwrap().unwrap();
    assert_ne!(replaced.id, image.id);
    containerd.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_bad_archive_does_not_keep_the_others_out() {
    let node = TestNode::new("bad");
    let directory = node.images_directory();
    ImageArchive::of_busybox("short:1", &["/bin/sh"]).write(&directory.join("a-short.tar"));
    ImageArchive::of_busybox("latest", &["/bin/sh"]).write(&directory.join("b-unnamed.tar"));
    std::fs::write(directory.join("c-garbage.tar"), "no archive at all").unwrap();
    std::fs::write(directory.join("readme.txt"), "not looked at").unwrap();
    let (containerd, client) = node.start().await;
    let config = ImportConfig::new(&directory, &node.directory.join("images.json"));
    let report = import_directory(&client, &config).await.unwrap();
    let imported: Vec<_> = report.imported.iter().flat_map(|(_, references)| references).collect();
    assert_eq!(imported, ["docker.io/library/short:1"]);
    assert!(client.image_status(spec("short:1")).await.unwrap().is_some());
    let errors: Vec<String> = report.failed.iter().map(|(_, error)| error.to_string()).collect();
    assert_eq!(errors.len(), 2, "{errors:?}");
    assert!(errors[0].contains("names no image in full"), "{errors:?}");
    assert!(errors[1].contains("c-garbage.tar"), "{errors:?}");

    let nowhere = ImportConfig::new(Path::new("/no/such/directory"), &node.directory.join("images.json"));
    assert!(import_directory(&client, &nowhere).await.unwrap().imported.is_empty());
    containerd.stop().await.unwrap();
}
