package org.paddlemfs.app;

import android.content.Intent;
import android.os.Bundle;
import androidx.activity.ComponentActivity;

/** Asks for consent at the first start. Nothing is loaded or shown before it is given. */
public final class ConsentActivity extends ComponentActivity {
    @Override
    protected void onCreate(Bundle saved) {
        super.onCreate(saved);
        setContentView(R.layout.consent);
        findViewById(R.id.agree).setOnClickListener(view -> agree());
        findViewById(R.id.decline).setOnClickListener(view -> finishAffinity());
    }

    private void agree() {
        SwapApplication.of(this).settings().setConsented();
        startActivity(new Intent(this, CameraActivity.class));
        finish();
    }
}
