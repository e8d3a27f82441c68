//! The calls of the image service.

use super::{CriClient, request, required_text, unary};
use crate::error::CriError;
use crate::v1;

impl CriClient {
    pub async fn list_images(&self, filter: Option<v1::ImageFilter>) -> Result<Vec<v1::Image>, CriError> {
        let deadline = Some(self.timeouts.request);
        let message = v1::ListImagesRequest { filter };
        Ok(unary(deadline, self.images().list_images(request(message, deadline))).await?.images)
    }

    /// The image under a reference or id; `None` when the runtime does not have it.
    pub async fn image_status(&self, image: v1::ImageSpec) -> Result<Option<v1::Image>, CriError> {
        Ok(self.image_status_verbose(image, false).await?.image)
    }

    /// The whole answer, with the runtime's own notes under `info` when `verbose`.
    pub async fn image_status_verbose(
        &self,
        image: v1::ImageSpec,
        verbose: bool,
    ) -> Result<v1::ImageStatusResponse, CriError> {
        let deadline = Some(self.timeouts.request);
        let name = image.image.clone();
        let message = v1::ImageStatusRequest { image: Some(image), verbose };
        let answer = unary(deadline, self.images().image_status(request(message, deadline))).await?;
        if answer.image.as_ref().is_some_and(|image| image.id.is_empty() || image.size == 0) {
            return Err(CriError::BadAnswer(format!("Id or size of image {name:?} is not set")));
        }
        Ok(answer)
    }

    /// Pulls an image and gives the reference under which the runtime now has it. No deadline but the caller's.
    pub async fn pull_image(
        &self,
        image: v1::ImageSpec,
        auth: Option<v1::AuthConfig>,
        sandbox_config: Option<v1::PodSandboxConfig>,
    ) -> Result<String, CriError> {
        let name = image.image.clone();
        let message = v1::PullImageRequest { image: Some(image), auth, sandbox_config };
        let answer = unary(None, self.images().pull_image(request(message, None))).await?;
        required_text(answer.image_ref, || format!("imageRef of image {name:?} is not set"))
    }

    pub async fn remove_image(&self, image: v1::ImageSpec) -> Result<(), CriError> {
        let deadline = Some(self.timeouts.request);
        let message = v1::RemoveImageRequest { image: Some(image) };
        unary(deadline, self.images().remove_image(request(message, deadline))).await?;
        Ok(())
    }

    pub async fn image_fs_info(&self) -> Result<v1::ImageFsInfoResponse, CriError> {
        let deadline = Some(self.timeouts.request);
        unary(deadline, self.images().image_fs_info(request(v1::ImageFsInfoRequest {}, deadline))).await
    }
}
